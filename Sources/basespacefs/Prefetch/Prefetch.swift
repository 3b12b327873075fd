import BlockCache
import CLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// Fills the caches of mounts by reading through them.
///
/// 1. The files that the paths stand for are found, and with them the ids and ETags by which the cache knows contents.
/// 2. What the cache has already is left out: a look at its maps tells, and a file that the kernel reads by itself
///    (passthrough) is whole there.
/// 3. Some threads read the rest, each a file at a time. They read with the page cache, in the background of which the mount
///    sees a stream and runs ahead of it; a wait for a page ends at once when the process is to end, which one with
///    O_DIRECT does not. What was read is dropped from the page cache piece by piece, and before the first: a page from it
///    would not reach the mount.
/// 4. The mount writes its cache behind the readers' backs, and drops what there is no room for. So the cache is looked at
///    again in the end.
final class Prefetch: Sendable {
    /// What it knows and finds.
    let board = PrefetchBoard()
    private let paths: [String]
    private let jobs: Int
    private let isForced: Bool
    /// The file that the next idle thread takes.
    private let next = Atomic(0)
    /// Those that were read to their end.
    private let whole = Mutex<[PrefetchFile]>([])

    /// As much as the kernel asks the mount for at once, at most.
    private static let piece = 1 << 20
    /// How long nothing may arrive in the cache before what is missing counts as lost: a slow disk takes seconds for what
    /// is in the mount's memory.
    private static let patience = Duration.seconds(5)

    init(paths: [String], jobs: Int, isForced: Bool) {
        self.paths = paths
        self.jobs = jobs
        self.isForced = isForced
    }

    /// Does it all; `board.outcome` is set in the end. Blocks the thread.
    func run() {
        var walk = PrefetchWalk(board)
        paths.forEach { walk.add(operand: $0) }
        let files = walk.files
        for all in Dictionary(grouping: files, by: { ObjectIdentifier($0.mount) }).values {
            let bytes = all.reduce(0) { $0 + $1.key.size }
            guard let objection = all[0].mount.objection(files: all.count, bytes: bytes) else { continue }
            guard isForced else { return board.refuse(CommandFailure(objection)) }
            board.tell("warning: \(objection)")
        }
        let missing = files.map { (file: $0, ranges: $0.mount.missing(of: $0.key)) }.filter { !$0.ranges.isEmpty }
        board.begin(
            files: missing.count,
            bytes: missing.reduce(0) { $0 + $1.ranges.reduce(0) { $0 + Int64($1.count) } }
        )
        let read = readAll(missing)
        board.stopClock()
        board.end(lost: settle(read))
    }

    // MARK: Reading

    /// Reads everything with some threads; the files that could be read whole.
    private func readAll(_ all: [(file: PrefetchFile, ranges: [Range<Int64>])]) -> [PrefetchFile] {
        let ended = DispatchSemaphore(value: 0)
        let threads = min(jobs, all.count)
        for _ in 0..<threads {
            Threads.start("prefetch") { [self] in
                while case let index = next.add(1, ordering: .relaxed).oldValue, index < all.count {
                    let problem = read(all[index].file, all[index].ranges)
                    if let problem {
                        board.fail(all[index].file.path, problem)
                    } else {
                        whole.withLock { $0.append(all[index].file) }
                    }
                    board.done(isWhole: problem == nil)
                }
                ended.signal()
            }
        }
        for _ in 0..<threads { ended.wait() }
        return whole.withLock { $0 }
    }

    /// Reads ranges of a file; what went wrong, if something did.
    private func read(_ file: PrefetchFile, _ ranges: [Range<Int64>]) -> String? {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return "\(Errno(rawValue: errno))" }
        defer {
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            close(descriptor)
        }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        // The kernel asks for twice as much at once.
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        return withUnsafeTemporaryAllocation(byteCount: Self.piece, alignment: 4096) { buffer in
            for range in ranges {
                var offset = range.lowerBound
                while offset < range.upperBound {
                    let wanted = min(buffer.count, Int(range.upperBound - offset))
                    let count = pread(descriptor, buffer.baseAddress, wanted, off_t(offset))
                    if count < 0, errno == EINTR { continue }
                    guard count >= 0 else { return "\(Errno(rawValue: errno))" }
                    guard count > 0 else { return "it ends after \(offset) bytes of \(file.key.size)" }
                    posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
                    offset += Int64(count)
                    board.read(Int64(count))
                }
            }
            return nil
        }
    }

    // MARK: Looking again

    /// Waits until what was read is in the cache, as long as some of it still arrives; what is not.
    private func settle(_ files: [PrefetchFile]) -> (files: Int, bytes: Int64) {
        var open = files
        var before = Int64.max
        var deadline = ContinuousClock.now + Self.patience
        while true {
            let lost = open.map { ($0, $0.mount.lost(of: $0.key)) }.filter { $0.1 > 0 }
            let bytes = lost.reduce(0) { $0 + $1.1 }
            guard bytes > 0, ContinuousClock.now < deadline else { return (lost.count, bytes) }
            if bytes < before {
                (before, deadline) = (bytes, ContinuousClock.now + Self.patience)
            }
            open = lost.map(\.0)
            var pause = CLinux_interval(0, 50_000_000)
            nanosleep(&pause, nil)
        }
    }
}
