public import BaseSpaceAPI

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
        case .projects:
            let (project, created) = try await service.createProject(named: name)
            guard created else {
                refresh(directory)
                return .existing
            }
            return .created(entered(.project(project), as: name, in: directory, key: .projects))
        case .appResults(let project):
            let appResult = try await service.createAppResult(named: name, in: project.id)
            return .created(entered(.appResult(appResult), as: name, in: directory, key: .appResults(of: project.id)))
        default:
            preconditionFailure("Only Projects/ and AppResults/ take new entities")
        }
    }

    private func entered(_ content: Node.Content, as name: String, in directory: Node, key: ListingKey) -> Node {
        if let node = add(content, to: directory, key: key) { return node }
        let inode = InodeNumber(key: content.key(in: directory.inode, named: name))
        return Node(inode: inode, parent: directory.inode, name: name, content: content)
    }
}
