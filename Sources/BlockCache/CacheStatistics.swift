internal import Synchronization

extension BlockCache {
    /// How a cache is used by this process, and how full it is with what all of them have put there.
    public struct Statistics: Sendable, Equatable {
        /// Bytes of disk (or memory) charged.
        public var bytes: Int64 = 0
        /// Bytes that may be.
        public var limit: Int64 = 0
        /// Reads that found all their bytes, and right.
        public var hits: UInt64 = 0
        /// Reads that did not.
        public var misses: UInt64 = 0
        /// Bytes that were stored.
        public var storedBytes: UInt64 = 0
        /// Blocks that were not what their checksum says.
        public var damagedBlocks: UInt64 = 0

        /// An empty cache that nobody has asked.
        public init() {}
    }

    /// What happened until now. Takes the ledger's lock for two small system calls: not for a thread that must not wait.
    public var statistics: Statistics {
        var statistics = core.counters.statistics
        statistics.bytes = core.ledger.used
        statistics.limit = core.limit
        return statistics
    }
}

/// Counts for `BlockCache.Statistics`, without locks: readers take none.
final class CacheCounters: Sendable {
    private let hits = Atomic<UInt64>(0)
    private let misses = Atomic<UInt64>(0)
    private let stored = Atomic<UInt64>(0)
    private let damaged = Atomic<UInt64>(0)

    func read(isHit: Bool) {
        if isHit { hits.add(1, ordering: .relaxed) } else { misses.add(1, ordering: .relaxed) }
    }

    func stored(_ bytes: Int) {
        stored.add(UInt64(bytes), ordering: .relaxed)
    }

    func foundDamage() {
        damaged.add(1, ordering: .relaxed)
    }

    var statistics: BlockCache.Statistics {
        var statistics = BlockCache.Statistics()
        statistics.hits = hits.load(ordering: .relaxed)
        statistics.misses = misses.load(ordering: .relaxed)
        statistics.storedBytes = stored.load(ordering: .relaxed)
        statistics.damagedBlocks = damaged.load(ordering: .relaxed)
        return statistics
    }
}
