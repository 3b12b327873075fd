public import BaseSpaceAPI
internal import OrderedCollections
internal import Synchronization

/// What `mkdir` came to.
public enum CreatedEntity: Sendable {
    /// The service made it.
    case created(Node)
    /// It was there already.
    case existing
}

extension Tree {
    /// Makes a project, or an AppResult with a session of its own, and enters it in its directory.
    ///
    /// - Parameters:
    ///   - name: The name, as the service is to show it.
    ///   - directory: `Projects/`, an `AppResults/` or the directory of a session; nothing else can be created in.
    public func createEntity(named name: String, in directory: Node) async throws(BaseSpaceError) -> CreatedEntity {
        switch directory.content {
        case .collection(.projects, _):
            let (project, created) = try await service.createProject(named: name)
            noteAnswer()
            guard created else {
                refresh(directory)
                return .existing
            }
            return .created(entered(.project(project), as: name, in: directory, of: .projects))
        case .collection(.appResults(let project), _):
            guard try await isFree(name, in: .appResults(of: project)) else { return .existing }
            let appResult = try await service.createAppResult(
                NewAppResult(
                    name: name,
                    project: project,
                    session: configuration.session,
                    description: description(ofResultsIn: project)
                )
            )
            outdateSessions(of: appResult, in: project)
            return .created(entered(.appResult(appResult), as: name, in: directory, of: .appResults(of: project)))
        case .entity(.appSession(let session)):
            return .created(try await createResult(named: name, of: session, in: directory))
        default:
            preconditionFailure("Only Projects/, AppResults/ and the directories of sessions take new entities")
        }
    }

    /// Whether nothing in a collection has that name now. The service would make a second one of it, and the older of two keeps
    /// the name: what is written to that path would end in somebody else's.
    private func isFree(_ name: String, in collection: EntityCollection) async throws(BaseSpaceError) -> Bool {
        let key = ListingKey.entities(collection)
        state.withLock { $0.outdate(key) }
        return try await listing(for: key).directories[""]?[name] == nil
    }

    /// Makes an AppResult in a session that is there, in the project that the session works in.
    private func createResult(
        named name: String,
        of session: AppSession,
        in directory: Node
    ) async throws(BaseSpaceError) -> Node {
        guard let project = try await project(ofSession: session.id) else {
            throw BaseSpaceError(
                kind: .invalidRequest,
                message: "the session works in no project or in several: make the AppResult in a project's AppResults",
                endpoint: "AppSession \(session.id)"
            )
        }
        let appResult = try await service.createAppResult(
            NewAppResult(
                name: name,
                project: project,
                session: session.id,
                description: description(ofResultsIn: project)
            )
        )
        state.withLock { state in
            state.learnStatus(from: .appResult(appResult), at: now())
            state.outdate(.entities(.appResults(of: project)))
        }
        outdateSessions(of: appResult, in: project)
        let content = Node.Content.entity(.appResult(appResult))
        return Node(
            inode: content.inode(in: directory.inode, named: name),
            parent: directory.inode,
            name: name,
            content: content
        )
    }

    /// The AppSession that belongs to what is made in a directory, if it has ended: nothing can be made in it any more.
    public func finalSession(forWhatIsMadeIn directory: Node) async throws(BaseSpaceError) -> AppSession? {
        let id: EntityID? =
            switch directory.content {
            case .collection(.appResults, _): configuration.session
            case .entity(.appSession(let session)): session.id
            default: nil
            }
        guard let id else { return nil }
        let session = try await service.appSession(id)
        return session.status.isFinal ? session : nil
    }

    /// The one project that a session's AppResults are in or, before there is one, that its properties name.
    private func project(ofSession id: EntityID) async throws(BaseSpaceError) -> EntityID? {
        var projects: Set<EntityID> = []
        for entity in try await service.entities(in: .results(ofSession: id)) {
            if let project = try await project(of: entity.key) {
                projects.insert(project)
            }
        }
        guard projects.isEmpty else { return projects.count == 1 ? projects.first : nil }
        for property in try await service.properties(of: EntityKey(kind: .appSession, id: id)) {
            switch property.value {
            case .reference(let reference) where reference.kind == .project: projects.insert(reference.id)
            case .references(.project, let references): projects.formUnion(references.map(\.id))
            default: break
            }
        }
        return projects.count == 1 ? projects.first : nil
    }

    /// How AppResults that are made in a project are described.
    public func description(ofResultsIn project: EntityID) -> String? {
        state.withLock { $0.descriptions[project] } ?? configuration.appResultDescription
    }

    /// Describes the AppResults that are made in a project from now on; `nil` as the mount does.
    public func setDescription(ofResultsIn project: EntityID, to text: String?) {
        state.withLock { $0.descriptions[project] = text }
    }

    /// What lists the session of a new AppResult, or the AppResult in it, is asked for again.
    private func outdateSessions(of appResult: AppResult, in project: EntityID) {
        state.withLock { state in
            state.outage.isOver(at: now())
            state.outdate(.entities(.appSessions))
            state.outdate(.entities(.projectSessions(of: project)))
            state.outdate(.entities(.datasets(of: project)))
            if let session = appResult.appSessionID {
                state.outdate(.entities(.results(ofSession: session)))
            }
        }
    }

    private func entered(_ entity: Entity, as name: String, in directory: Node, of collection: EntityCollection) -> Node
    {
        if let node = add(entity, to: directory, of: collection) { return node }
        let content = Node.Content.entity(entity)
        let inode = content.inode(in: directory.inode, named: name)
        return Node(inode: inode, parent: directory.inode, name: name, content: content)
    }
}
