public import BaseSpaceAPI
internal import Synchronization

/// From an id to a place: what `.by-id/` and every link through it stand on.
extension Tree {
    /// The path of an entity's directory below the root; `nil` if this account shows it nowhere.
    ///
    /// Costs nothing where the entity is in a listing that is known; otherwise the entity is asked which project it is in,
    /// and that project's list for its name.
    public func path(of key: EntityKey) async throws(BaseSpaceError) -> String? {
        switch key.kind {
        case .project: return try await rootPath(of: key, in: .projects, at: "Projects")
        case .run: return try await rootPath(of: key, in: .runs, at: "Runs")
        case .appSession: return try await rootPath(of: key, in: .appSessions, at: "AppSessions")
        case .bioSample: return try await rootPath(of: key, in: .bioSamples, at: "BioSamples")
        case .genome: return try await rootPath(of: key, in: .genomes, at: "Genomes")
        case .file: return try await path(ofFile: key.id)
        case .sample, .appResult, .dataset: break
        }
        guard let project = try await project(of: key),
            let directory = try await path(of: EntityKey(kind: .project, id: project))
        else { return nil }
        let (collection, name) = Self.collection(of: key.kind, in: project)
        return try await path(of: key, in: collection, at: "\(directory)/\(name)")
    }

    /// The path of what stands right below the root. The service tells of more by id than it lists: of the sessions that others
    /// have run in a shared project, say. That is found in the directory by its id.
    private func rootPath(
        of entity: EntityKey,
        in collection: EntityCollection,
        at directory: String
    ) async throws(BaseSpaceError) -> String? {
        if let path = try await path(of: entity, in: collection, at: directory) { return path }
        return try await unlisted(entity).map { "\(directory)/.id.\($0.id)" }
    }

    /// An entity that no list of the account has; `nil` if the service has none for it.
    func unlisted(_ key: EntityKey) async throws(BaseSpaceError) -> Entity? {
        do throws(BaseSpaceError) {
            let entity = try await service.entity(key)
            state.withLock { $0.learnStatus(from: entity, at: now()) }
            return entity
        } catch  where error.isAbsence {
            return nil
        }
    }

    private func path(
        of entity: EntityKey,
        in collection: EntityCollection,
        at directory: String
    ) async throws(BaseSpaceError) -> String? {
        let key = ListingKey.entities(collection)
        if let name = try await listing(for: key).name(of: entity) { return "\(directory)/\(name)" }
        // Who refers to it may know of it since after the listing; an id that is nowhere is no reason to ask all the time.
        guard state.withLock({ $0.outdate(key, fetchedBefore: now() - configuration.retryInterval) }) else {
            return nil
        }
        return try await listing(for: key).name(of: entity).map { "\(directory)/\($0)" }
    }

    /// A file's path: that of what it is in, and its place there.
    private func path(ofFile id: EntityID) async throws(BaseSpaceError) -> String? {
        guard let owner = try await service.container(ofFile: id), let key = owner.entity,
            let directory = try await path(of: key)
        else { return nil }
        return try await file(id, of: owner).map { "\(directory)/Files/\($0.place.path)" }
    }

    private func file(_ id: EntityID, of owner: FileContainer) async throws(BaseSpaceError) -> FileRecord? {
        // What was just uploaded is in no listing yet.
        if let own = state.withLock({ $0.local[owner]?.upload(id) }) { return own }
        let key = ListingKey.files(of: owner)
        if let record = try await listing(for: key).files.first(where: { $0.id == id }) { return record }
        guard state.withLock({ $0.outdate(key, fetchedBefore: now() - configuration.retryInterval) }) else {
            return nil
        }
        return try await listing(for: key).files.first { $0.id == id }
    }

    /// The project that an entity is in; of several the first.
    func project(of key: EntityKey) async throws(BaseSpaceError) -> EntityID? {
        if let known = state.withLock({ $0.homes[key] }) { return known }
        do throws(BaseSpaceError) {
            switch try await service.entity(key) {
            case .sample(let sample): return sample.projectID
            case .appResult(let appResult): return appResult.projectID
            case .dataset(let dataset): return dataset.projectID
            default: return nil
            }
        } catch  where error.isAbsence {
            return nil
        }
    }

    private static func collection(of kind: EntityKind, in project: EntityID) -> (EntityCollection, String) {
        switch kind {
        case .sample: (.samples(of: project), "Samples")
        case .dataset: (.datasets(of: project), "Datasets")
        default: (.appResults(of: project), "AppResults")
        }
    }

    /// Whether a name is one that a directory has without listing it, such as `.id.17`.
    public func isOwnName(_ name: String, of directory: Node) -> Bool {
        ownChild(named: name, of: directory) != nil
    }

    /// Whether an entity is what has those files, or holds it. The service is asked where that is not known; what it has no
    /// more is in nothing.
    public func holds(_ entity: Entity, _ container: FileContainer) async throws(BaseSpaceError) -> Bool {
        if container == entity.container { return true }
        guard let key = container.entity else { return false }
        switch entity {
        case .project(let project):
            return try await self.project(of: key) == project.id
        case .appSession: return try await belongs(container, toSessionOf: entity)
        default: return false
        }
    }

    /// The way from an entity's directory to its session's.
    ///
    /// - Returns: `nil` if the service names no session.
    public func sessionLink(of key: EntityKey) async throws(BaseSpaceError) -> String? {
        guard let session = try await sessionID(of: key) else { return nil }
        return EntityKey(kind: .appSession, id: session).link(fromDepth: key.kind.depth)
    }

    /// The session of an entity, as far as a listing or the service's full form of it names one.
    func sessionID(of key: EntityKey) async throws(BaseSpaceError) -> EntityID? {
        if key.kind == .appSession { return key.id }
        if let container = key.container, let known = state.withLock({ $0.containers[container]?.sessionID }) {
            return known
        }
        let session: EntityID? =
            switch try await service.entity(key) {
            case .sample(let sample): sample.appSessionID
            case .appResult(let appResult): appResult.appSessionID
            case .dataset(let dataset): dataset.appSessionID
            default: nil
            }
        if let container = key.container, let session {
            state.withLock { $0.containers[container, default: KnownContainer()].sessionID = session }
        }
        return session
    }
}

extension EntityCollection {
    /// The project that a collection is in.
    var project: EntityID? {
        switch self {
        case .samples(let project), .appResults(let project), .datasets(let project), .projectSessions(let project):
            project
        default: nil
        }
    }

    /// The collection's path in the API, without a slash in front.
    public var href: String {
        switch self {
        case .projects: "v1pre3/users/current/projects"
        case .runs: "v1pre3/users/current/runs"
        case .appSessions: "v1pre3/users/current/appsessions"
        case .bioSamples: "v2/biosamples"
        case .genomes: "v1pre3/genomes"
        case .samples(let project): "v1pre3/projects/\(project)/samples"
        case .appResults(let project): "v1pre3/projects/\(project)/appresults"
        case .datasets(let project): "v2/projects/\(project)/datasets"
        case .projectSessions(let project): "v2/appsessions?output.projects=\(project)"
        case .bioSampleDatasets(let bioSample): "v2/datasets?inputbiosamples=\(bioSample)"
        case .results(let session): "v1pre3/appsessions/\(session)/appresults"
        }
    }
}

extension EntityKey {
    /// The container of the entity's files.
    public var container: FileContainer? {
        switch kind {
        case .sample: .sample(id)
        case .appResult: .appResult(id)
        case .run: .run(id)
        case .dataset: .dataset(id)
        case .project, .appSession, .bioSample, .genome, .file: nil
        }
    }
}
