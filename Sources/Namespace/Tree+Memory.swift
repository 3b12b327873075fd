internal import BaseSpaceAPI
internal import DequeModule
internal import Synchronization

/// How much of a large account is remembered. What a walk over a million files leaves behind is of two kinds: listings,
/// which are dropped when nobody looks at them, and nodes, which the kernel has to give back first.
extension Tree {
    /// Nodes that the kernel knows beyond the limit, those it has known longest; it is to be told to forget their names.
    /// What is open stays all the same, and has its turn again. Directories, in which a program may stand, are neither
    /// counted nor among them.
    ///
    /// - Returns: A quarter of the limit at a time.
    public func surplusNodes() -> [Node] {
        state.withLock { $0.surplusNodes(limit: configuration.nodeLimit) }
    }
}

extension Tree.State {
    /// A listing that was no longer looked at for this long after it went stale is dropped, whatever room there is.
    private static let idleTime = Duration.seconds(900)
    /// How often they are looked through.
    private static let sweepInterval = Duration.seconds(60)

    /// Puts a listing in its place, or takes it away, and keeps the accounts.
    mutating func put(_ slot: ListingSlot?, for key: ListingKey) {
        let old = listings[key]
        listings[key] = slot
        listedLines += (slot?.weight ?? 0) - (old?.weight ?? 0)
        guard case .entities(let collection) = key, collection.isHome, let project = collection.project else { return }
        for entity in old?.listing?.entities ?? [] where homes[entity.key] == project {
            homes[entity.key] = nil
        }
        for entity in slot?.listing?.entities ?? [] {
            homes[entity.key] = project
        }
    }

    /// Drops what nobody uses, and what was looked at longest ago until the others are within the limit.
    mutating func dropListings(keeping kept: ListingKey, limit: Int, at now: ContinuousClock.Instant) {
        if now >= nextSweep ?? now {
            nextSweep = now + Self.sweepInterval
            for (key, slot) in listings where key != kept && slot.isIdle(since: now - Self.idleTime) {
                put(nil, for: key)
            }
            dropUploads(before: now - Self.idleTime)
        }
        guard listedLines > limit else { return }
        // To a little below it: the next one should not have to sort them all again.
        let goal = limit - limit / 8
        for (key, slot) in listings.sorted(by: { $0.value.lastUse < $1.value.lastUse }) where listedLines > goal {
            guard key != kept, slot.isDispensable else { continue }
            // A long one that is in use is not given up only for that.
            guard listedLines > limit || slot.weight <= limit / 8 else { return }
            put(nil, for: key)
        }
    }

    /// Forgets uploads of containers that nobody has listed since: a listing has them.
    private mutating func dropUploads(before moment: ContinuousClock.Instant) {
        for container in local.keys where local[container]?.dropUploads(before: moment) == true {
            outdate(.files(of: container))
            if local[container]?.directories.isEmpty == true { local[container] = nil }
        }
    }

    /// Leaves out what is forgotten, once that is most of the line.
    mutating func compactRetained() {
        guard retained.count > 2 * forgettableNodes + 1024 else { return }
        retained = Deque(retained.filter { slots[$0.inode]?.turn == $0.turn })
    }

    mutating func surplusNodes(limit: Int) -> [Node] {
        guard forgettableNodes - toldNodes > limit else { return [] }
        var surplus: [Node] = []
        var looks = retained.count
        // Many at a time, and seldom: since Linux 6.12 the kernel asks again for the attributes of everything that was listed
        // while it forgot something.
        let goal = limit - limit / 4
        while forgettableNodes - toldNodes > goal, looks > 0, let next = retained.popFirst() {
            looks -= 1
            guard var slot = slots[next.inode], slot.turn == next.turn else { continue }
            // What was told before and is still here was in use then.
            retained.append(next)
            toldNodes += slot.isTold ? 0 : 1
            slot.isTold = true
            slots[next.inode] = slot
            surplus.append(slot.node)
        }
        return surplus
    }
}

extension ListingSlot {
    /// How much room it takes, in lines.
    var weight: Int { (listing?.count ?? 0) + 1 }

    /// Whether nothing is lost but what the service says again.
    var isDispensable: Bool { flight == nil && created.isEmpty }

    fileprivate func isIdle(since moment: ContinuousClock.Instant) -> Bool {
        guard isDispensable else { return false }
        return [freshUntil, fetched, refusal?.until].compactMap(\.self).allSatisfy { $0 < moment }
    }
}
