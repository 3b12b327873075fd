import ArgumentParser
import BaseSpaceFileSystem
import BlockCache
import Logging

/// The options of a mount, shared by `mount` and `exec`.
struct MountOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Option(
        name: .customShort("o"),
        help: ArgumentHelp(
            "Options of mount(8): ro, allow_other, allow_root, default_permissions, uid=, gid=, nosuid, nodev, …",
            valueName: "opt,…"
        )
    )
    var mountOptions: [String] = []

    @Flag(help: "Refuse every change.")
    var readOnly = false

    @Option(
        help: ArgumentHelp(
            "Directory for cached content, or `none` to keep it in memory. (default: ~/.cache/basespacefs)",
            valueName: "dir"
        ),
        completion: .directory
    )
    var cacheDir: String?

    @Option(
        help: ArgumentHelp(
            "How much content is cached at most. (default: a tenth of the disk's free space, at least "
                + "\(Defaults.smallestCacheSize); \(Defaults.memoryCacheSize) with --cache-dir none)",
            valueName: "size"
        )
    )
    var cacheSize: ByteSize?

    @Option(help: ArgumentHelp("Memory for content on its way at most.", valueName: "size"))
    var memoryLimit: ByteSize = Defaults.memoryLimit

    @Option(
        help: ArgumentHelp(
            "How long a listing holds before the server is asked again. (default: \(Int(Defaults.metadataLifetime)))",
            valueName: "seconds"
        )
    )
    var metadataTTL: Double?

    @Option(help: ArgumentHelp("Connections to the object store at most.", valueName: "n"))
    var maxConnections: Int = Defaults.connections

    @Option(help: ArgumentHelp("Size of the parts of an upload, 5M to 5G.", valueName: "size"))
    var uploadPartSize: ByteSize = Defaults.uploadPartSize

    @Option(
        help: ArgumentHelp(
            "When files are uploaded: close (the program waits), background, complete (with the write to Status).",
            valueName: "policy"
        ),
        completion: .list(UploadPolicy.allCases.map(\.rawValue)),
        transform: MountOptions.policy
    )
    var uploadPolicy: UploadPolicy = .close

    @Flag(help: "Let files that are uploaded be written again: another version of them is uploaded.")
    var allowOverwrite = false

    @Flag(help: "Let rmdir of a project, run, sample, AppResult or AppSession move it to the trash.")
    var allowDelete = false

    @Option(
        name: .customLong("appsession"),
        help: ArgumentHelp(
            "Make all AppResults in this AppSession. (default: a session for each)",
            valueName: "id"
        )
    )
    var appSession: String?

    @Option(
        name: .customLong("appresult-description"),
        help: ArgumentHelp("Describe the AppResults that are made like this.", valueName: "text")
    )
    var appResultDescription: String?

    @Flag(help: "Let other users use the mount, with permissions checked.")
    var allowOther = false

    @Option(help: ArgumentHelp("Owner of all files. (default: who mounts)", valueName: "n"))
    var uid: UInt32?

    @Option(help: ArgumentHelp("Group of all files. (default: that of who mounts)", valueName: "n"))
    var gid: UInt32?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info, warning under exec)",
            valueName: "level"
        ),
        completion: .list(Logger.Level.allCases.map(\.rawValue)),
        transform: MountOptions.level
    )
    var logLevel: Logger.Level?

    @Option(
        help: ArgumentHelp(
            "Append the log to this file. (default: standard error, or nowhere in the background)",
            valueName: "file"
        ),
        completion: .file()
    )
    var logFile: String?

    /// The values of options that are not given.
    enum Defaults {
        /// The part of the free space that a cache on disk may take: with it a disk for sequencing holds whole BAM files,
        /// and nobody who looks for what fills a disk finds a cache. Not measured.
        static let cacheShare: Int64 = 10
        /// A few BAM files' worth of the blocks that an analysis touches, however full the disk is: the last of its
        /// space the cache leaves free anyway.
        static let smallestCacheSize = ByteSize.gibibytes(1)
        /// Enough that a few streams find again what they just read; it is memory, so no more.
        static let memoryCacheSize = ByteSize.mebibytes(512)
        /// 32 connections with 4 MiB each, twice: what one stream needs to fill a line, for two streams.
        static let memoryLimit = ByteSize.mebibytes(256)
        /// Long enough for a shell's glob, short enough for a person who waits for a sample to appear.
        static let metadataLifetime = 60.0
        /// Where the measured throughput of many ranged GETs stops growing.
        static let connections = 32
        /// Small enough that a lost part is cheap, large enough that 10,000 of them hold an 80 GB file.
        static let uploadPartSize = ByteSize.mebibytes(8)

        /// What a cache on disk takes at most. What it holds already counts as free, or it would shrink with each mount;
        /// nil stands for a disk that doesn't tell.
        static func cacheSize(in space: BlockCache.Space?) -> ByteSize {
            let room = space.map { $0.free + $0.held } ?? 0
            return ByteSize(bytes: max(room / cacheShare, smallestCacheSize.bytes))
        }
    }

    /// What `--upload-part-size` may be: the object store takes no part below 5 MiB but the last, and none over 5 GiB.
    private static let uploadPartSizes = ByteSize.mebibytes(5).bytes...ByteSize.gibibytes(5).bytes
    /// What `--metadata-ttl` may be: never 0, with which the kernel would ask again for each entry of a listing it just
    /// read, and a year at most.
    private static let metadataLifetimes = 0.001...31_536_000
    /// Below this not even one ranged GET of several MiB fits beside what is being answered.
    private static let smallestMemory = ByteSize.mebibytes(16)
    /// Fewer bytes would not hold what one read-ahead brings.
    private static let smallestCache = ByteSize.mebibytes(16)
    /// Object stores answer more connections of one client with 503.
    private static let connectionCounts = 1...256

    func validate() throws {
        do throws(MountFlags.Problem) {
            let flags = try MountFlags(parsing: mountOptions)
            if flags.allowsRoot, allowOther {
                throw MountFlags.Problem(description: "--allow-other and -o allow_root exclude each other")
            }
            if flags.isReadOnly == false, readOnly {
                throw MountFlags.Problem(description: "--read-only and -o rw exclude each other")
            }
        } catch {
            throw ValidationError("\(error)")
        }
        if let metadataTTL, !Self.metadataLifetimes.contains(metadataTTL) {
            throw ValidationError("--metadata-ttl takes 0.001 to 31536000 seconds")
        }
        guard Self.connectionCounts.contains(maxConnections) else {
            throw ValidationError(
                "--max-connections takes \(Self.connectionCounts.lowerBound) to \(Self.connectionCounts.upperBound)"
            )
        }
        guard Self.uploadPartSizes.contains(uploadPartSize.bytes) else {
            throw ValidationError("--upload-part-size takes 5M to 5G, not \(uploadPartSize)")
        }
        guard memoryLimit.bytes >= Self.smallestMemory.bytes else {
            throw ValidationError("--memory-limit must be at least \(Self.smallestMemory)")
        }
        if let cacheSize, cacheSize.bytes < Self.smallestCache.bytes {
            throw ValidationError("--cache-size must be at least \(Self.smallestCache)")
        }
        if let appSession, appSession.isEmpty || !appSession.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
        {
            throw ValidationError("--appsession takes the id of an AppSession")
        }
        if let cacheDir, cacheDir.isEmpty {
            throw ValidationError("--cache-dir takes a directory, or `none`")
        }
    }

    private static func policy(_ text: String) throws -> UploadPolicy {
        guard let policy = UploadPolicy(rawValue: text.lowercased()) else {
            throw ValidationError(
                "--upload-policy takes \(UploadPolicy.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        return policy
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text.lowercased()) else {
            throw ValidationError("--log-level takes \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }
}
