import ArgumentParser
import BlockCache
import FoundationEssentials
import Glibc
import SystemPackage

extension CacheCommand {
    /// `basespacefs cache info`.
    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "info",
            abstract: "Show how much is cached where, and of what."
        )

        @OptionGroup var options: CacheOptions

        @Flag(help: "List the files of which something is cached, the largest first.")
        var contents = false

        func run() throws {
            try options.withCache(changing: false) { cache, directory in
                try CacheReport(cache, directory, listing: contents).print(asJSON: options.json)
            }
        }
    }
}

/// What `cache info` tells.
struct CacheReport: Report {
    /// What is cached of a version of a file.
    struct Content: Encodable {
        /// The file's id at the service.
        var id: String
        var etag: String
        /// Bytes of the file.
        var size: Int64
        /// Bytes of the file that are cached.
        var present: Int64
        /// Bytes of disk.
        var bytes: Int64
        var lastUse: Date?
    }

    var directory: String
    /// Bytes of disk.
    var bytes: Int64
    var contentCount: Int
    /// Bytes that the file system can still take.
    var free: Int64
    /// What a mount keeps at most that is not told otherwise. The limit is each mount's own; the directory has none.
    var defaultLimit: Int64
    var inUse: Bool
    /// Only if they were asked for.
    var contents: [Content]?

    init(_ cache: BlockCache, _ directory: FilePath, listing: Bool) {
        self.directory = directory.string
        let info = cache.info()
        bytes = info.bytes
        contentCount = info.contents
        let space = BlockCache.space(below: directory)
        free = space?.free ?? 0
        defaultLimit = MountOptions.Defaults.cacheSize(in: space).bytes
        inUse = cache.isUsedByOthers
        if listing {
            contents = cache.listContents()
                .sorted { ($1.bytes, $0.key.file, $0.key.etag) < ($0.bytes, $1.key.file, $1.key.etag) }
                .map(Content.init)
        }
    }

    var text: String {
        let summary = """
            Directory:  \(directory)
            Used:       \(ByteSize(bytes: bytes).approximate), by \(contentCount) file\(contentCount == 1 ? "" : "s")
            Free:       \(ByteSize(bytes: free).approximate) on its file system
            In use:     \(inUse ? "yes" : "no")
            Limit:      each mount's --cache-size, \(ByteSize(bytes: defaultLimit).approximate) by default
            """
        guard let contents else { return summary }
        let head = Self.line("ON DISK", "SIZE", "LAST USE", "FILE ID")
        return ([summary, "", head] + contents.map(\.line)).joined(separator: "\n")
    }

    fileprivate static func line(_ bytes: String, _ size: String, _ lastUse: String, _ id: String) -> String {
        [bytes.padded(to: 12), size.padded(to: 12), lastUse.padded(to: 17), " " + id].joined(separator: " ")
    }
}

extension CacheReport.Content {
    init(_ info: BlockCache.ContentInfo) {
        id = info.key.file
        etag = info.key.etag
        size = info.key.size
        present = info.present
        bytes = info.bytes
        lastUse = info.lastUse.map { Date(timeIntervalSince1970: TimeInterval($0)) }
    }

    fileprivate var line: String {
        CacheReport.line(
            ByteSize(bytes: bytes).approximate,
            ByteSize(bytes: size).approximate,
            lastUse.map(\.localMinute) ?? "-",
            id
        )
    }
}

extension Date {
    /// `2026-11-23 10:11`, in the time zone of the machine.
    fileprivate var localMinute: String {
        var seconds = time_t(timeIntervalSince1970)
        var fields = tm()
        localtime_r(&seconds, &fields)
        // 16 characters, and more for a year beyond 9999.
        var text = [CChar](repeating: 0, count: 32)
        let length = strftime(&text, text.count, "%Y-%m-%d %H:%M", &fields)
        return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
