public import BaseSpaceAPI
internal import OrderedCollections
internal import Synchronization

extension Tree {
    /// The text of a property, without asking the service; `nil` if that has to be.
    public func knownText(ofProperty place: PropertyPlace) -> [UInt8]? {
        state.withLock { state in state.fresh(.properties(of: place.owner), at: now()).map { $0.text(at: place) } }
    }

    /// The text of a property, from a listing that is fetched if need be; empty for one that nothing was written to.
    public func text(ofProperty place: PropertyPlace) async throws(BaseSpaceError) -> [UInt8] {
        try await listing(for: .properties(of: place.owner)).text(at: place)
    }

    /// The node of a property that nothing was written to yet.
    public func emptyProperty(at place: PropertyPlace, in directory: Node) -> Node {
        let content = Node.Content.property(place, size: 0)
        return Node(
            inode: content.inode(in: directory.inode, named: place.name),
            parent: directory.inode,
            name: place.name,
            content: content
        )
    }

    /// Makes a directory in `Properties/`. It is here only, until something is in it.
    public func addLocalProperty(at place: PropertyPlace, in directory: Node) -> Node {
        state.withLock { _ = $0.localProperties[place.owner, default: []].insert(place.path) }
        let content = Node.Content.properties(place)
        return Node(
            inode: content.inode(in: directory.inode, named: place.name),
            parent: directory.inode,
            name: place.name,
            content: content
        )
    }

    /// The name under which a list of references has an entity; `nil` if it has not, or the directory is no list.
    public func element(
        of directory: Node,
        referringTo reference: EntityReference
    ) async throws(BaseSpaceError) -> String? {
        // Properties by themselves may refer to one entity as often as they like.
        guard case .properties(let place) = directory.content, !place.path.isEmpty else { return nil }
        let listing = try await listing(for: .properties(of: place.owner))
        let wanted = EntityKey(kind: reference.kind, id: reference.id)
        for case (let name, .reference(let key)) in listing.directories[place.path] ?? [:] where key == wanted {
            return name
        }
        return nil
    }

    /// The entity or file that a path leads to, as a program wrote it into a link: relative to the link's directory, or
    /// absolute below the mount point.
    ///
    /// - Returns: `nil` if the path leads to nothing that a property can refer to.
    public func reference(
        at target: String,
        from directory: Node,
        mountPoint: String
    ) async throws(BaseSpaceError) -> EntityReference? {
        guard let place = try await node(at: target, from: directory, mountPoint: mountPoint) else { return nil }
        switch place.content {
        case .entity(let entity) where entity.kind != .genome: return EntityReference(entity.kind, entity.id)
        case .file(let record): return EntityReference(.file, record.id)
        default: return nil
        }
    }

    /// Follows a path through the tree, links included.
    private func node(
        at path: String,
        from start: Node,
        mountPoint: String
    ) async throws(BaseSpaceError) -> Node? {
        var path = path
        var walk: [Node]
        if path.hasPrefix("/") {
            let base = mountPoint.hasSuffix("/") ? mountPoint : mountPoint + "/"
            guard mountPoint.hasPrefix("/"), path.hasPrefix(base) else { return nil }
            path = String(path.dropFirst(base.count))
            walk = [root]
        } else {
            walk = ancestors(of: start)
        }
        var rest = path.split(separator: "/").map { String($0) }[...]
        // As many links as the kernel follows.
        var links = 0
        while let component = rest.popFirst() {
            guard let current = walk.last else { return nil }
            switch component {
            case ".": continue
            case "..":
                if walk.count > 1 { walk.removeLast() }
                continue
            default: break
            }
            guard current.isDirectory, let child = try await child(named: component, of: current) else { return nil }
            guard child.isLink else {
                walk.append(child)
                continue
            }
            links += 1
            guard links <= 40, let target = try await target(of: child) else { return nil }
            rest = (target.split(separator: "/").map { String($0) } + rest)[...]
        }
        return walk.last
    }

    /// Where a link leads; `nil` if it leads nowhere.
    private func target(of link: Node) async throws(BaseSpaceError) -> String? {
        switch link.content {
        case .link(let target): target
        case .sessionLink(let entity): try await sessionLink(of: entity)
        default: nil
        }
    }

    /// The nodes from the root down to a directory, as far as the kernel knows them.
    private func ancestors(of directory: Node) -> [Node] {
        var walk = [directory]
        while let last = walk.last, last.inode != .root, walk.count < 64 {
            guard let parent = node(last.parent) else { break }
            walk.append(parent)
        }
        return walk.reversed()
    }
}

extension Node {
    fileprivate var isLink: Bool {
        switch content {
        case .link, .sessionLink: true
        default: false
        }
    }
}

extension Listing {
    fileprivate func text(at place: PropertyPlace) -> [UInt8] {
        guard case .text(let text) = directories[place.directory]?[place.name] else { return [] }
        return text
    }
}
