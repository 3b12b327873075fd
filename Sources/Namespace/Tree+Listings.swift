public import BaseSpaceAPI
internal import OrderedCollections
internal import Synchronization

extension Tree {
    /// Asks for the projects before anybody looks: nearly every path that a program is given leads through them, and so
    /// the first look into a mount needs one round trip less.
    public func anticipateProjects() {
        let key = ListingKey.entities(.projects)
        Task {
            do throws(BaseSpaceError) {
                _ = try await listing(for: key)
            } catch {
                // Nobody has asked yet: whoever does asks the service.
                state.withLock { $0.listings[key]?.refusal = nil }
            }
        }
    }

    /// A fresh listing, fetched if need be, or an old one while the service is away. Whoever is cancelled stops waiting; the
    /// fetch goes on.
    func listing(for key: ListingKey) async throws(BaseSpaceError) -> Listing {
        try await answer(to: key.description) { state in
            let slot = state.listings[key]
            if let refusal = slot?.refusal, now() < refusal.until { return .known(.failure(refusal.error)) }
            if let listing = state.fresh(key, at: now()) { return .known(.success(listing)) }
            let isRefresh = slot?.freshUntil == nil
            let patience = slot?.listing.map { _ in state.outage.patience(at: now(), isRefresh: isRefresh) }
            if let slot, let flight = slot.flight {
                return .wait(flight, isAnswer: !slot.isOutdated, patience: patience)
            }
            let flight = ListingSlot.Flight { await self.fetch(key) }
            if slot == nil {
                state.put(ListingSlot(), for: key)
            }
            state.listings[key]?.flight = flight
            return .wait(flight, isAnswer: true, patience: patience)
        }
    }

    private func fetch(_ key: ListingKey) async -> Result<Listing, BaseSpaceError> {
        let start = now()
        do throws(BaseSpaceError) {
            switch key {
            case .entities(let collection):
                let entities = try await service.entities(in: collection)
                return .success(install(entities, of: collection, begun: start))
            case .files(let container):
                // What is final when the list is asked for can't grow after it.
                let isFinal = state.withLock { $0.isFinal(container) }
                let expected = expectedFiles(of: container)
                var files = FileTree(container: container)
                try await service.files(of: container, expecting: expected) { file in
                    files.append(file)
                    if files.count.isMultiple(of: Self.roomStep) {
                        makeRoom(for: files.count, of: .files(of: container))
                    }
                }
                return .success(install(files.listing(), of: container, isFinal: isFinal, begun: start))
            case .properties(let owner):
                return .success(try await fetchProperties(of: owner))
            }
        } catch {
            return fail(key, with: error, begun: start)
        }
    }

    /// How many files a container may have, so that a long list is asked for at once: as many as it had, or more than a page
    /// holds. The latter costs who has small ones about one call in vain for a mount, not one for each of them: after that
    /// it takes a long list for the next.
    private func expectedFiles(of container: FileContainer) -> Int {
        state.withLock { state in
            state.listings[.files(of: container)]?.listing?.fileCount
                ?? (state.expectsLongLists ? Self.longList : 0)
        }
    }

    /// More files than the service puts on a page.
    private static let longList = 1001

    /// An entity's properties as they are between two changes made here, and after those that were under way.
    private func fetchProperties(of owner: EntityKey) async throws(BaseSpaceError) -> Listing {
        while true {
            let change = state.withLock { $0.propertyChanges[owner] }
            _ = await change?.value
            let start = now()
            if let listing = install(try await properties(of: owner), of: owner, after: change, begun: start) {
                return listing
            }
        }
    }

    /// An entity's properties. Not every kind of entity has them at every server; where there is no such thing as the
    /// properties of an entity that is there, it has none.
    private func properties(of owner: EntityKey) async throws(BaseSpaceError) -> [Property] {
        do throws(BaseSpaceError) {
            return try await service.properties(of: owner)
        } catch  where error.status == 404 {
            return []
        }
    }

    private func install(
        _ entities: [Entity],
        of collection: EntityCollection,
        begun start: ContinuousClock.Instant
    ) -> Listing {
        state.withLock { state in
            let key = ListingKey.entities(collection)
            for entity in entities {
                state.learnStatus(from: entity, at: start)
            }
            let listing = Listing(of: merged(entities, with: state.listings[key]?.created ?? []), in: collection)
            return keep(listing, for: key, of: configuration.metadataLifetime, begun: start, in: &state)
        }
    }

    /// - Returns: `nil` if a change has begun since the service was asked.
    private func install(
        _ properties: [Property],
        of owner: EntityKey,
        after change: PropertyChange?,
        begun start: ContinuousClock.Instant
    ) -> Listing? {
        state.withLock { state in
            guard state.propertyChanges[owner] == change else { return nil }
            let key = ListingKey.properties(of: owner)
            let listing = PropertyTree.listing(of: properties) { [gaps = state.propertyGaps] name in
                gaps[PropertyPlace(owner: owner, path: name)] ?? ElementNumbers()
            }
            // What the service holds by now needs no place of its own.
            state.localProperties[owner]?.subtract(listing.directories.keys)
            return keep(listing, for: key, of: configuration.metadataLifetime, begun: start, in: &state)
        }
    }

    /// Files after which room is made for more.
    private static let roomStep = 1000

    /// A long listing takes the room of others while it comes, not after.
    private func makeRoom(for lines: Int, of key: ListingKey) {
        state.withLock { state in
            state.dropListings(keeping: key, limit: max(0, configuration.listingLimit - lines), at: now())
        }
    }

    private func install(
        _ listing: Listing,
        of container: FileContainer,
        isFinal: Bool,
        begun start: ContinuousClock.Instant
    ) -> Listing {
        state.withLock { state in
            if state.listings[.files(of: container)]?.listing == nil {
                state.expectsLongLists = listing.fileCount >= Self.longList
            }
            state.local[container]?.dropUploads(before: start)
            let lifetime = isFinal ? configuration.finalLifetime : configuration.metadataLifetime
            return keep(listing, for: .files(of: container), of: lifetime, begun: start, in: &state)
        }
    }

    /// Puts a listing in its place, and makes room for it.
    private func keep(
        _ listing: Listing,
        for key: ListingKey,
        of lifetime: Duration,
        begun start: ContinuousClock.Instant,
        in state: inout State
    ) -> Listing {
        var listing = listing
        listing.asked = start
        state.finish(key, with: listing, freshUntil: start + lifetime, at: now())
        state.dropListings(keeping: key, limit: configuration.listingLimit, at: now())
        return listing
    }

    /// Keeps an old listing in service when the service could not be reached; any other error is the answer. Either way
    /// the service is left alone for a moment: programs ask for name after name.
    private func fail(
        _ key: ListingKey,
        with error: BaseSpaceError,
        begun start: ContinuousClock.Instant
    ) -> Result<Listing, BaseSpaceError> {
        state.withLock { state in
            state.listings[key]?.flight = nil
            state.listings[key]?.isOutdated = false
            let retry = now() + (error.status == 401 ? Self.refusedTokenInterval : configuration.retryInterval)
            state.noteFailure(error, since: start, at: now())
            guard error.isNoAnswer, let old = state.listings[key]?.listing else {
                state.listings[key]?.refusal = (error, retry)
                return .failure(error)
            }
            state.listings[key]?.freshUntil = retry
            return .success(old)
        }
    }

    /// A token that is refused may be replaced by a login, which is looked for as often. (`TokenKeeper`)
    private static let refusedTokenInterval = Duration.seconds(1)

    /// Entities that were made here while the fetch was under way and are not in its answer, added to it.
    private func merged(_ entities: [Entity], with created: [Entity]) -> [Entity] {
        var seen: Set<EntityKey> = []
        return (entities + created).filter { seen.insert($0.key).inserted }
    }

    /// Puts an entity that was made here into its collection's listing, and answers its node.
    func add(_ entity: Entity, to directory: Node, of collection: EntityCollection) -> Node? {
        state.withLock { state in
            let key = ListingKey.entities(collection)
            state.learnStatus(from: entity, at: now())
            var slot = state.listings[key] ?? ListingSlot()
            if slot.flight != nil {
                slot.created.append(entity)
            }
            if let listing = slot.listing {
                slot.listing = Listing(of: merged(listing.entities, with: [entity]), in: collection)
                slot.listing?.asked = listing.asked
            }
            state.put(slot, for: key)
            guard let listing = slot.listing, let name = listing.name(of: entity.key) else { return nil }
            return state.child(named: name, of: directory, in: listing)
        }
    }

    /// Asks the service anew at the next look into a directory.
    public func refresh(_ directory: Node) {
        if let key = directory.listingKey {
            refresh(key)
        }
    }

    /// Asks the service anew at the next look at a container's files.
    public func refreshFiles(of container: FileContainer) {
        refresh(.files(of: container))
    }

    private func refresh(_ key: ListingKey) {
        state.withLock { $0.outdate(key) }
    }
}

extension Tree.State {
    private static let shortestLife = Duration.milliseconds(100)

    fileprivate mutating func finish(
        _ key: ListingKey,
        with listing: Listing,
        freshUntil: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) {
        let isOutdated = listings[key]?.isOutdated ?? false
        looks += 1
        outage.isOver(at: now)
        let slot = ListingSlot(
            listing: listing,
            // Who has waited for it finds it, however long that was.
            freshUntil: isOutdated ? nil : max(freshUntil, now + Self.shortestLife),
            lastUse: looks
        )
        put(slot, for: key)
    }
}

extension Listing {
    /// The entities whose directories stand here.
    var entities: [Entity] {
        (directories[""] ?? [:]).values.compactMap { if case .entity(let entity) = $0 { entity } else { nil } }
    }
}

extension ListingKey: CustomStringConvertible {
    var description: String {
        switch self {
        case .entities(let collection): collection.description
        case .files(let container): "the files of \(container.key)"
        case .properties(let owner): "the properties of \(owner)"
        }
    }
}
