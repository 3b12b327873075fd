public import BaseSpaceAPI
internal import OrderedCollections
internal import Synchronization

extension Tree {
    /// A fresh listing, fetched if need be. Whoever is cancelled stops waiting; the fetch goes on.
    func listing(for key: ListingKey) async throws(BaseSpaceError) -> Listing {
        enum Look {
            case known(Result<Listing, BaseSpaceError>)
            case wait(ListingSlot.Flight)
        }
        let look = state.withLock { state -> Look in
            let slot = state.listings[key]
            if let listing = slot?.fresh(at: now()) { return .known(.success(listing)) }
            if let flight = slot?.flight { return .wait(flight) }
            if let refusal = slot?.refusal, now() < refusal.until { return .known(.failure(refusal.error)) }
            let flight = ListingSlot.Flight { await self.fetch(key) }
            state.listings[key, default: ListingSlot()].flight = flight
            return .wait(flight)
        }
        switch look {
        case .known(let result): return try result.get()
        case .wait(let flight):
            guard let result = await flight.valueUnlessCancelled() else {
                throw BaseSpaceError.cancelled(key.description)
            }
            return try result.get()
        }
    }

    private func fetch(_ key: ListingKey) async -> Result<Listing, BaseSpaceError> {
        let start = now()
        do throws(BaseSpaceError) {
            switch key {
            case .projects:
                let projects = try await service.projects()
                return .success(install(projects.map { .project($0) }, for: key, begun: start))
            case .samples(let project):
                let samples = try await service.samples(of: project)
                return .success(install(samples.map { .sample($0) }, for: key, begun: start))
            case .appResults(let project):
                let appResults = try await service.appResults(of: project)
                return .success(install(appResults.map { .appResult($0) }, for: key, begun: start))
            case .files(let container):
                let files = try await service.files(of: container)
                return .success(install(files, of: container, begun: start))
            }
        } catch {
            return fail(key, with: error)
        }
    }

    private func install(
        _ entities: [Node.Content],
        for key: ListingKey,
        begun start: ContinuousClock.Instant
    ) -> Listing {
        state.withLock { state in
            for content in entities {
                state.learnStatus(from: content, at: start)
            }
            let listing = Listing(of: merged(entities, with: state.listings[key]?.created ?? []))
            state.finish(key, with: listing, freshUntil: start + configuration.metadataLifetime)
            return listing
        }
    }

    private func install(
        _ files: [RemoteFile],
        of container: FileContainer,
        begun start: ContinuousClock.Instant
    ) -> Listing {
        let listing = FileTree.listing(of: files, in: container)
        return state.withLock { state in
            state.local[container]?.dropUploads(before: start)
            let lifetime =
                state.status(of: container)?.isFinal == true
                ? configuration.finalLifetime : configuration.metadataLifetime
            state.finish(.files(of: container), with: listing, freshUntil: start + lifetime)
            return listing
        }
    }

    /// Keeps an old listing in service when the service could not be reached; any other error is the answer. Either way
    /// the service is left alone for a moment: programs ask for name after name.
    private func fail(_ key: ListingKey, with error: BaseSpaceError) -> Result<Listing, BaseSpaceError> {
        state.withLock { state in
            state.listings[key]?.flight = nil
            let retry = now() + configuration.retryInterval
            guard error.isUnreachable, let old = state.listings[key]?.listing else {
                state.listings[key]?.refusal = (error, retry)
                return .failure(error)
            }
            state.listings[key]?.freshUntil = retry
            return .success(old)
        }
    }

    /// Entities that were made here while the fetch was under way and are not in its answer, added to it.
    private func merged(
        _ entities: [Node.Content],
        with created: [Node.Content]
    ) -> [(id: EntityID, name: String, content: Node.Content)] {
        var seen: Set<EntityID> = []
        return (entities + created).compactMap { content in
            guard let (id, name) = content.entity, seen.insert(id).inserted else { return nil }
            return (id, name, content)
        }
    }

    /// Puts an entity that was made here into its collection's listing, and answers its node.
    func add(_ content: Node.Content, to directory: Node, key: ListingKey) -> Node? {
        state.withLock { state in
            state.learnStatus(from: content, at: now())
            var slot = state.listings[key] ?? ListingSlot()
            if slot.flight != nil {
                slot.created.append(content)
            }
            if let listing = slot.listing {
                let known = (listing.directories[""] ?? [:]).values.compactMap { child -> Node.Content? in
                    if case .entity(let content) = child { content } else { nil }
                }
                slot.listing = Listing(of: merged(known, with: [content]))
            }
            state.listings[key] = slot
            guard let listing = slot.listing, let (id, _) = content.entity else { return nil }
            return state.children(of: directory, in: listing).first { $0.content.entity?.id == id }
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
        state.withLock { state in
            guard var slot = state.listings[key] else { return }
            slot.freshUntil = nil
            slot.refusal = nil
            slot.isOutdated = slot.flight != nil
            state.listings[key] = slot
        }
    }
}

extension Tree.State {
    fileprivate mutating func finish(
        _ key: ListingKey,
        with listing: Listing,
        freshUntil: ContinuousClock.Instant
    ) {
        let isOutdated = listings[key]?.isOutdated ?? false
        listings[key] = ListingSlot(listing: listing, freshUntil: isOutdated ? nil : freshUntil)
    }
}

extension Node.Content {
    /// Id and name of an entity that a collection lists.
    var entity: (id: EntityID, name: String)? {
        switch self {
        case .project(let project): (project.id, project.name)
        case .sample(let sample): (sample.id, sample.name)
        case .appResult(let appResult): (appResult.id, appResult.name)
        default: nil
        }
    }
}

extension ListingKey: CustomStringConvertible {
    var description: String {
        switch self {
        case .projects: "the list of projects"
        case .samples(let project): "the samples of project \(project)"
        case .appResults(let project): "the AppResults of project \(project)"
        case .files(let container): "the files of \(container.key)"
        }
    }
}
