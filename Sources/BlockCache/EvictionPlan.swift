/// Which chunks go when room is needed: a segmented order (2Q) over all contents of the cache.
///
/// Chunks on probation leave in the order in which they came; protected ones leave by last use. Probation pays first
/// while it holds more than a fifth of the cache, so a pass over any number of gigabytes flows through that fifth and
/// leaves the indexes and regions that are used again and again where they are. Below a fifth the protected ones pay:
/// yesterday's favourites don't lock today's files out.
struct EvictionPlan {
    /// A chunk that has bytes on disk.
    struct Candidate: Equatable, Sendable {
        /// The place of its content in the caller's list.
        var content: Int
        var chunk: Int
        var charge: Int64
        var recency: Recency
    }

    /// The share of the limit that new bytes can always count on: enough to hold what a few readers read ahead at
    /// usual limits; 2Q's authors found a quarter to be good, a little less favours the indexes. Not measured.
    static let probationShare = 0.2

    /// The candidates to evict, in order, until `bytes` are freed or there are none left.
    static func victims(of candidates: [Candidate], freeing bytes: Int64, limit: Int64) -> [Candidate] {
        let byAge = candidates.sorted {
            ($0.recency.stamp, $0.content, $0.chunk) < ($1.recency.stamp, $1.content, $1.chunk)
        }
        let probation = byAge.filter { !$0.recency.isProtected }
        let protected = byAge.filter { $0.recency.isProtected }
        var nextOnProbation = 0
        var nextProtected = 0
        var onProbation = probation.reduce(0) { $0 + $1.charge }
        let floor = Int64(Double(limit) * probationShare)

        var victims: [Candidate] = []
        var freed: Int64 = 0
        while freed < bytes {
            let victim: Candidate
            if nextOnProbation < probation.count, onProbation > floor || nextProtected == protected.count {
                victim = probation[nextOnProbation]
                nextOnProbation += 1
                onProbation -= victim.charge
            } else if nextProtected < protected.count {
                victim = protected[nextProtected]
                nextProtected += 1
            } else {
                break
            }
            victims.append(victim)
            freed += victim.charge
        }
        return victims
    }
}
