internal import BaseSpaceAPI
internal import DequeModule
internal import Synchronization

/// How much of a large account is remembered. What a walk over a million files leaves behind is of two kinds: listings,
/// which are dropped when nobody looks at them, and nodes, which the kernel has to give back first.
extension Tree {
    /// Nodes that the kernel knows beyond the limit, those it has known longest; it is to be told to forget their names.
    /// What is open, or the working directory of a program, stays all the same.
    ///
    /// - Returns: At most some thousands at a time.
    public func surplusNodes() -> [Node] {
        state.withLock { $0.surplusNodes(limit: configuration.nodeLimit) }
    }
}

extension Tree.State {
    /// A listing that was no longer looked at for this long after it went stale is dropped at the next fetch, whatever
    /// room there is.
    private static let idleTime = Duration.seconds(900)
    private static let surplusBatch = 4096

    /// Drops what nobody uses, and what was looked at longest ago until the others are within the limit.
    mutating func dropListings(keeping kept: ListingKey, limit: Int, at now: ContinuousClock.Instant) {
        var total = 0
        for (key, slot) in listings {
            guard let listing = slot.listing else { continue }
            if key != kept, slot.flight == nil, let freshUntil = slot.freshUntil, freshUntil + Self.idleTime < now {
                listings[key] = nil
            } else {
                total += listing.count
            }
        }
        guard total > limit else { return }
        for (key, slot) in listings.sorted(by: { $0.value.lastUse < $1.value.lastUse }) where total > limit {
            guard key != kept, slot.flight == nil, let listing = slot.listing else { continue }
            total -= listing.count
            listings[key] = nil
        }
    }

    /// Leaves out what is forgotten, once that is most of the line.
    mutating func compactRetained() {
        guard retained.count > 2 * slots.count + 1024 else { return }
        var seen: Set<InodeNumber> = []
        retained = Deque(retained.reversed().filter { slots[$0] != nil && seen.insert($0).inserted }.reversed())
    }

    mutating func surplusNodes(limit: Int) -> [Node] {
        var surplus: [Node] = []
        while slots.count - surplus.count > limit, surplus.count < Self.surplusBatch, let inode = retained.popFirst() {
            // It may have been forgotten since, and then be known again under the same number, further back in line.
            guard let slot = slots[inode] else { continue }
            surplus.append(slot.node)
        }
        return surplus
    }
}
