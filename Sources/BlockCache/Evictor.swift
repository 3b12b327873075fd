internal import Synchronization
internal import SystemPackage

/// Makes room: looks through all maps, lets `EvictionPlan` choose, frees.
///
/// There is no list of chunks in memory that would have to agree with other processes' lists. A pass reads every map
/// (70 MB for a cache of 1 TB, out of the page cache) and then frees a batch, so that passes are rare: at most one per
/// batch of new bytes.
final class Evictor: Sendable {
    /// A batch is a 32nd of the limit, a GiB at most: with it at most 3 % of the cache lie idle.
    private static let batchDivisor: Int64 = 32
    private static let largestBatch: Int64 = 1 << 30
    /// After a pass that freed nothing (all is somebody else's) no other one for a second.
    private static let pause: UInt64 = 1000

    private struct Passes {
        var count = 0
        var nextAllowed: UInt64 = 0
    }

    private let storage: any Storage
    private let ledger: Ledger
    private let limit: Int64
    private let clock: CacheClock
    /// Held during a pass; taken before the ledger's lock.
    private let passes = Mutex(Passes())

    init(storage: any Storage, ledger: Ledger, limit: Int64, clock: @escaping CacheClock) {
        self.storage = storage
        self.ledger = ledger
        self.limit = limit
        self.clock = clock
    }

    /// How many passes were made: who waited for another thread's pass looks again before making one.
    var passCount: Int { passes.withLock { $0.count } }

    /// Frees at least `bytes`, if there are as many, and a batch. False if nothing could be freed.
    func makeRoom(for bytes: Int64, after seen: Int) -> Bool {
        passes.withLock { passes in
            guard passes.count == seen else { return true }
            let now = clock()
            guard now >= passes.nextAllowed || passes.nextAllowed > now + Self.pause else { return false }
            passes.count += 1
            let freed = free(bytes + min(limit / Self.batchDivisor, Self.largestBatch))
            passes.nextAllowed = freed > 0 ? 0 : now + Self.pause
            return freed > 0
        }
    }

    /// Frees chunks until `bytes` are free. Returns how many are.
    @discardableResult
    func free(_ bytes: Int64) -> Int64 {
        var names: [ContentName] = []
        var unused: [ContentName] = []
        var candidates: [EvictionPlan.Candidate] = []
        storage.forEachContent(ledger: ledger) { files in
            // It would be chosen and then not go, again and again, while others that could go stay.
            guard !files.isPinned else { return }
            let before = candidates.count
            for chunk in 0..<files.layout.chunkCount {
                let record = files.record(ofChunk: chunk)
                let charge = files.layout.charge(for: record.allocated, inChunk: chunk)
                guard charge > 0 else { continue }
                candidates.append(.init(content: names.count, chunk: chunk, charge: charge, recency: record.recency))
            }
            if candidates.count > before {
                names.append(files.name)
            } else {
                unused.append(files.name)
            }
        }
        for name in unused {
            storage.removeUnused(name, ledger: ledger)
        }
        let victims = EvictionPlan.victims(of: candidates, freeing: bytes, limit: limit)
        var freed: Int64 = 0
        for (content, chunks) in Dictionary(grouping: victims, by: \.content) {
            freed += evict(chunks, of: names[content])
        }
        return freed
    }

    private func evict(_ chunks: [EvictionPlan.Candidate], of name: ContentName) -> Int64 {
        var freed: Int64 = 0
        if let files = (try? storage.open(name, for: nil, creating: false, ledger: ledger)) ?? nil, files.isWritable {
            for victim in chunks {
                freed += ledger.evict(victim.chunk, of: files, usedAt: victim.recency)
            }
        }
        storage.removeUnused(name, ledger: ledger)
        return freed
    }
}
