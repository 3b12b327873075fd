public import Logging
internal import Synchronization
public import SystemPackage
internal import Threading

/// Blocks of remote contents on a disk (or in memory), verified on every read.
///
/// A content is one version of one file (`ContentKey`), so its bytes never change and blocks never go stale. Each has a
/// sparse data file, a block's bytes at the block's place, and beside it a map: 8 bytes per block of 128 KiB, the block's
/// checksum, or zero for "not present". That word is the only truth, and whatever is wrong ends as "not present":
///
/// - A store reserves (the ledger: bytes charged against the limit), writes the blocks, then writes their words. There is
///   no fsync. After a kill a block is there or it is not; after a power failure a word may have reached the disk without
///   its block, or an old block may be under a new word. Then the checksum doesn't match, and the block is fetched again.
/// - A read loads the words, reads the blocks, hashes them all and compares. Readers take no lock. An eviction, a store
///   or a second process may come between any two steps; the worst is a mismatch, never a wrong byte.
/// - Room is made before bytes are written, by punching holes into chunks of 4 MiB, in an order that a pass over a large
///   file can't upset (`EvictionPlan`). The order's state is in the maps too, so it is shared and survives restarts.
/// - Nothing is kept in memory that files say, so any number of processes of one user may share a directory. Changes of
///   allocation are made under the ledger's lock (`Ledger`).
/// - A content that is whole can be handed out as a file (`CachedContent.backing()`), which the kernel then reads without
///   us and without checksums: a stamp in the map (`ContentStamp`) vouches for it, a lock (`ContentFiles.pin`) keeps it.
/// - A disk that is full, read-only or gone makes stores drop what they were given, with a line in the log now and then.
///   A reader sees an absent block.
///
/// Limits: a file system that can't punch holes never gets chunks back, so its cache stays as it is when it is full.
public final class BlockCache: Sendable {
    /// The unit of presence and verification: small enough that a lone 4 KiB read is cheap (10 µs to hash), large enough
    /// that a map is a 16,000th of its content. It is also the largest request of an unprivileged mount's read-ahead.
    public static let blockSize = ContentLayout.blockSize

    /// How a cache is kept.
    public struct Configuration: Sendable {
        /// Where blocks are kept.
        public enum Location: Sendable {
            /// Below a directory, which is created with mode 0700 if it isn't there. Survives restarts; any number of
            /// processes of one user may share it.
            case directory(FilePath)
            /// In anonymous memory of this process.
            case memory
        }

        /// Where blocks are kept.
        public var location: Location
        /// Bytes of disk (or memory) that contents may take: blocks, and 8 KiB for each 4 MiB chunk's part of the map.
        public var limit: Int64
        /// Threads that write. 2 keep up with the line where 1 did not, 4 are no faster than 2 for one reader.
        public var writers: Int
        /// Bytes to leave free on the directory's file system; nil: a twentieth of it, at most 10 GiB.
        public var keepFree: Int64?
        /// Where complaints go.
        public var logger: Logger

        /// A cache of `limit` bytes.
        public init(location: Location, limit: Int64, writers: Int = 2, keepFree: Int64? = nil, logger: Logger) {
            self.location = location
            self.limit = limit
            self.writers = writers
            self.keepFree = keepFree
            self.logger = logger
        }
    }

    private struct WeakContent {
        weak var content: CachedContent?
    }

    let core: CacheCore
    /// The contents that somebody holds: one object for each, with its descriptors.
    private let contents = Mutex<(table: [ContentKey: WeakContent], sweepAt: Int)>(([:], 64))

    /// Opens a cache. A directory on a disk that can't be written serves what it has.
    /// - Throws: if the directory can't be had, is not the user's alone, or the limit is below one block.
    public convenience init(_ configuration: Configuration) throws(BlockCacheError) {
        try self.init(configuration, clock: systemClock)
    }

    init(_ configuration: Configuration, clock: @escaping CacheClock) throws(BlockCacheError) {
        let smallest = Int64(Self.blockSize) + ContentLayout.recordCharge
        guard configuration.limit >= smallest else {
            throw BlockCacheError(
                .limitTooSmall,
                "a cache of \(configuration.limit) bytes is too small: use \(smallest) or more"
            )
        }
        let storage: any Storage
        let ledger: Ledger
        switch configuration.location {
        case .directory(let path):
            (storage, ledger) = try DirectoryStorage.open(path)
        case .memory:
            let memory = try MemoryStorage()
            (storage, ledger) = (memory, try memory.makeLedger())
        }
        core = CacheCore(
            storage: storage,
            ledger: ledger,
            limit: configuration.limit,
            keepFree: configuration.keepFree,
            logger: configuration.logger,
            clock: clock
        )
        if !storage.isWritable {
            core.log.dropped("its directory can't be written")
        }
        do throws(Errno) {
            try core.writers.start(max(1, configuration.writers))
            if storage.hasFileForEachContent {
                try core.voucher.start(1)
            }
        } catch {
            throw BlockCacheError(.outOfResources, "can't start a thread for the cache: \(error)", errno: error)
        }
    }

    init(core: CacheCore) {
        self.core = core
    }

    /// The content for a key. Never fails: without a usable disk it is empty and drops what it is given.
    public func content(for key: ContentKey) -> CachedContent {
        if let content = contents.withLock({ $0.table[key]?.content }) {
            return content
        }
        // Opened outside of the lock; if two threads open the same content, one of the objects is let go again.
        let new = CachedContent(key, core: core)
        return contents.withLock { contents in
            if let content = contents.table[key]?.content {
                return content
            }
            if contents.table.count >= contents.sweepAt {
                contents.table = contents.table.filter { $0.value.content != nil }
                contents.sweepAt = max(64, 2 * contents.table.count)
            }
            contents.table[key] = WeakContent(content: new)
            return new
        }
    }

    /// Finishes the queued writes and ends the writer threads. Contents can still be read; stores are dropped. Happens by
    /// itself when the cache and all of its contents are let go.
    public func shutdown() {
        core.shutdown()
    }
}
