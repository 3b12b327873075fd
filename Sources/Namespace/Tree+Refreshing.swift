public import BaseSpaceAPI
internal import Synchronization

extension Tree {
    /// Asks the service anew at the next look into a directory, or into any below it.
    public func refresh(below directory: Node) {
        state.withLock { state in
            var keys = directory.listingKey.map { Set([$0]) } ?? []
            switch directory.content {
            case .root, .hidden:
                keys = Set(state.listings.keys)
                state.propertyGaps = [:]
            case .collection(let collection, _):
                keys.formUnion(state.keys(below: collection))
            case .entity(let entity):
                keys.formUnion(state.keys(below: entity))
            default:
                break
            }
            // Listings above some that are known may be dropped by now; what the kernel knows leads to these.
            for slot in state.slots.values where state.isBelow(slot.node, directory.inode) {
                slot.node.listingKey.map { _ = keys.insert($0) }
            }
            for key in keys {
                state.outdate(key)
                if case .properties(let owner) = key {
                    state.forgetGaps(of: owner)
                }
            }
            // Texts are few and asked for one by one: it costs little to take them all for old.
            for document in state.documents.keys {
                state.outdate(document)
            }
            // Whoever refreshes wants the states of sessions as well.
            state.outage.tryAgain()
            for id in state.sessions.keys {
                state.sessions[id]?.isOutdated = true
            }
        }
    }

    /// What the kernel knows below a directory.
    public func knownNodes(below directory: InodeNumber) -> [Node] {
        state.withLock { state in
            state.slots.values.map(\.node).filter { state.isBelow($0, directory) }
        }
    }

    /// Moves an entity to the user's trash. What it takes along is not told: a session its results, a result its dataset, a
    /// project everything in it. So the next look into any list asks the service.
    ///
    /// - Returns: What the kernel knows of that may have gone along.
    public func moveToTrash(_ entity: Entity) async throws(BaseSpaceError) -> [Node] {
        // Also after a failure: whether the service has done it is not always known.
        defer {
            state.withLock { state in
                for key in state.listings.keys where state.mayChange(key, withTrashOf: entity) {
                    state.outdate(key)
                }
            }
        }
        try await service.moveToTrash(entity.key)
        return state.withLock { state in
            state.outage.isOver(at: now())
            return state.slots.values.map(\.node).filter { node in
                guard case .entity(let other) = node.content, let container = other.container else { return false }
                return state.isKnownInSession(container, of: entity) || other.kind == .dataset
            }
        }
    }
}

extension Tree.State {
    fileprivate func mayChange(_ key: ListingKey, withTrashOf entity: Entity) -> Bool {
        switch key {
        case .entities, .files(of: .dataset): true
        case .files(let container): container == entity.container || isKnownInSession(container, of: entity)
        case .properties: false
        }
    }

    /// The next look fetches, and so does whoever waits for a fetch that is under way.
    mutating func outdate(_ key: ListingKey) {
        guard var slot = listings[key] else { return }
        slot.freshUntil = nil
        slot.refusal = nil
        slot.isOutdated = slot.flight != nil
        listings[key] = slot
    }

    /// The same for a listing that is older.
    ///
    /// - Returns: Whether it was.
    mutating func outdate(_ key: ListingKey, fetchedBefore moment: ContinuousClock.Instant) -> Bool {
        guard let fetched = listings[key]?.fetched, fetched < moment else { return false }
        outdate(key)
        return true
    }

    fileprivate func keys(below collection: EntityCollection) -> Set<ListingKey> {
        let entities = listings[.entities(collection)]?.listing?.entities ?? []
        return entities.reduce(into: [.entities(collection)]) { $0.formUnion(keys(below: $1)) }
    }

    fileprivate func keys(below entity: Entity) -> Set<ListingKey> {
        var keys: Set<ListingKey> = [.properties(of: entity.key)]
        if let container = entity.container {
            keys.insert(.files(of: container))
        }
        switch entity {
        case .project(let project):
            for collection in [
                EntityCollection.samples(of: project.id), .appResults(of: project.id), .datasets(of: project.id),
            ] {
                keys.formUnion(self.keys(below: collection))
            }
            keys.insert(.entities(.projectSessions(of: project.id)))
        case .appSession(let session):
            keys.insert(.entities(.results(ofSession: session.id)))
            keys.insert(.files(of: .logs(ofSession: session.id)))
        case .bioSample(let bioSample): keys.insert(.entities(.bioSampleDatasets(of: bioSample.id)))
        case .sample, .appResult, .run, .dataset, .genome: break
        }
        return keys
    }

    fileprivate func isBelow(_ node: Node, _ directory: InodeNumber) -> Bool {
        var node = node
        // No path of the tree is deeper; what the kernel has forgotten the way to counts as below.
        for _ in 0..<64 {
            if node.parent == directory { return true }
            guard node.parent != .root, node.parent != node.inode else { return false }
            guard let parent = slots[node.parent]?.node else { return true }
            node = parent
        }
        return true
    }
}
