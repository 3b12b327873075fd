public import BaseSpaceAPI
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
    ///   - directory: `Projects/` or an `AppResults/`; nothing else can be created in.
    public func createEntity(named name: String, in directory: Node) async throws(BaseSpaceError) -> CreatedEntity {
        switch directory.content {
        case .collection(.projects, _):
            let (project, created) = try await service.createProject(named: name)
            guard created else {
                refresh(directory)
                return .existing
            }
            return .created(entered(.project(project), as: name, in: directory, of: .projects))
        case .collection(.appResults(let project), _):
            let appResult = try await service.createAppResult(
                NewAppResult(
                    name: name,
                    project: project,
                    session: configuration.session,
                    description: configuration.appResultDescription
                )
            )
            outdateSessions(of: appResult, in: project)
            return .created(entered(.appResult(appResult), as: name, in: directory, of: .appResults(of: project)))
        default:
            preconditionFailure("Only Projects/ and AppResults/ take new entities")
        }
    }

    /// What lists the session of a new AppResult, or the AppResult in it, is asked for again.
    private func outdateSessions(of appResult: AppResult, in project: EntityID) {
        state.withLock { state in
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
