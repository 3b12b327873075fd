import BlockCache
import FUSEAdapter
import Glibc
import Logging
import SystemPackage

/// A mount in which a prefetch reads.
final class PrefetchMount: Sendable {
    /// Where it is.
    let mountPoint: FilePath
    /// Its cache's directory; `nil`: in memory.
    let cacheDirectory: FilePath?
    /// Bytes that its cache may hold.
    let limit: Int64
    /// Its cache, seen from outside; `nil` if it can't be.
    private let cache: BlockCache?

    /// Asks a mount about its cache.
    init(_ entry: MountTable.Entry, patience: Duration) throws(CommandFailure) {
        guard entry.userID == geteuid() else {
            throw CommandFailure(
                "is in a mount of another user (uid \(entry.userID ?? 0)), whose cache is not yours to fill"
            )
        }
        let report: StatusReport
        switch StatusReader(patience: patience).ask([entry])[0] {
        case .status(_, let status): report = status
        case .problem(let words): throw CommandFailure("the mount on \(entry.mountPoint): \(words)")
        }
        mountPoint = FilePath(entry.mountPoint)
        cacheDirectory = report.cache.directory == "none" ? nil : FilePath(report.cache.directory)
        limit = report.cache.limit
        let quiet = Logger(label: "prefetch") { _ in SwiftLogNoOpLogHandler() }
        if let cacheDirectory {
            do throws(BlockCacheError) {
                cache = try BlockCache(existing: cacheDirectory, changing: false, logger: quiet)
            } catch {
                throw CommandFailure("the mount on \(entry.mountPoint): \(error)")
            }
        } else {
            cache = nil
        }
    }

    /// The ranges of a content that the cache does not have, in order; all of it where that can't be known.
    ///
    /// Small gaps between them are taken along: the mount reads ahead for who reads on, and has to begin anew for who jumps.
    func missing(of key: ContentKey) -> [Range<Int64>] {
        guard key.size > 0 else { return [] }
        guard let cache else { return [0..<key.size] }
        let content = cache.content(for: key)
        var ranges: [Range<Int64>] = []
        var position: Int64 = 0
        while position < key.size, let range = content.firstMissing(in: position..<key.size) {
            if let last = ranges.last, range.lowerBound - last.upperBound < Self.gap {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
            position = range.upperBound
        }
        return ranges
    }

    /// Bytes of a content that the cache does not have; 0 where that can't be known.
    func lost(of key: ContentKey) -> Int64 {
        guard let cache, key.size > 0 else { return 0 }
        let content = cache.content(for: key)
        var (lost, position) = (Int64(0), Int64(0))
        while position < key.size, let range = content.firstMissing(in: position..<key.size) {
            lost += range.upperBound - range.lowerBound
            position = range.upperBound
        }
        return lost
    }

    /// What the disk delivers in the time in which a line that stood still is full again: some round trips.
    private static let gap: Int64 = 64 << 20

    /// Why a prefetch of so much should not begin; `nil` if it may.
    func objection(files: Int, bytes: Int64) -> String? {
        guard let cacheDirectory else {
            return "the mount on \(mountPoint) keeps its cache in memory: what is fetched goes with it, and with what "
                + "is read next; mount with a --cache-dir, or say --force"
        }
        let space = BlockCache.space(below: cacheDirectory)
        let room = space.map { min(limit, $0.free + $0.held) } ?? limit
        guard bytes > room else { return nil }
        let reason =
            room < limit
            ? "the disk of its cache (\(cacheDirectory)) has room for \(ByteSize(bytes: room).approximate): free some, "
                + "mount with another --cache-dir"
            : "its cache takes \(ByteSize(bytes: limit).approximate): mount with a larger --cache-size"
        return "\(files) file\(files == 1 ? "" : "s") of the mount on \(mountPoint) \(files == 1 ? "has" : "have") "
            + "\(ByteSize(bytes: bytes).approximate), and \(reason), name less, or say --force"
    }
}
