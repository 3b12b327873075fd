internal import Synchronization

/// What a reader has done since it was made, in numbers that only grow.
public struct ReadStatistics: Sendable, Equatable {
    /// Reads that were answered, and their bytes.
    public struct Answers: Sendable, Equatable {
        /// How many.
        public var reads: UInt64 = 0
        /// With how many bytes.
        public var bytes: UInt64 = 0

        /// None yet.
        public init() {}
    }

    /// Reads whose bytes were in the memory of GETs under way or just done.
    public var memory = Answers()
    /// Reads whose bytes, or some of them, came from the disk cache.
    public var cache = Answers()
    /// Reads that waited for the object store.
    public var server = Answers()
    /// Bytes that came from the object store.
    public var fetchedBytes: UInt64 = 0
    /// Bytes of them that nobody had read when they left memory. The cache may serve them yet.
    public var unreadBytes: UInt64 = 0
    /// Ranges that were asked for, and the times that one was asked for again after a failure.
    public var fetches: UInt64 = 0
    /// See `fetches`.
    public var retries: UInt64 = 0
    /// Ranges that could not be had in the end.
    public var failures: UInt64 = 0

    /// Nothing yet.
    public init() {}

    /// Bytes that readers were given.
    public var answeredBytes: UInt64 { memory.bytes + cache.bytes + server.bytes }
}

/// Counts for `ReadStatistics`, without locks: a read that is answered from memory passes here.
final class ReadCounters: Sendable {
    final class Answers: Sendable {
        private let reads = Atomic<UInt64>(0)
        private let bytes = Atomic<UInt64>(0)

        func count(_ bytes: Int) {
            reads.add(1, ordering: .relaxed)
            self.bytes.add(UInt64(bytes), ordering: .relaxed)
        }

        var value: ReadStatistics.Answers {
            var answers = ReadStatistics.Answers()
            answers.reads = reads.load(ordering: .relaxed)
            answers.bytes = bytes.load(ordering: .relaxed)
            return answers
        }
    }

    let memory = Answers()
    let cache = Answers()
    let server = Answers()
    private let fetchedBytes = Atomic<UInt64>(0)
    private let fetches = Atomic<UInt64>(0)
    private let retries = Atomic<UInt64>(0)
    private let failures = Atomic<UInt64>(0)

    func fetched(_ bytes: Int) {
        fetchedBytes.add(UInt64(bytes), ordering: .relaxed)
    }

    func beganFetch() {
        fetches.add(1, ordering: .relaxed)
    }

    func repeatedFetch() {
        retries.add(1, ordering: .relaxed)
    }

    func failedFetch() {
        failures.add(1, ordering: .relaxed)
    }

    /// All but what the reader's state knows.
    var statistics: ReadStatistics {
        var statistics = ReadStatistics()
        statistics.memory = memory.value
        statistics.cache = cache.value
        statistics.server = server.value
        statistics.fetchedBytes = fetchedBytes.load(ordering: .relaxed)
        statistics.fetches = fetches.load(ordering: .relaxed)
        statistics.retries = retries.load(ordering: .relaxed)
        statistics.failures = failures.load(ordering: .relaxed)
        return statistics
    }
}
