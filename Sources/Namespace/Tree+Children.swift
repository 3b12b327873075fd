internal import BaseSpaceAPI
internal import OrderedCollections

extension Tree {
    /// A child that is there because of what its directory is.
    func fixedChild(named name: String, of directory: Node) -> Node? {
        fixedContents(of: directory).first { $0.0 == name }.map { fixedNode($1, named: $0, in: directory) }
    }

    func fixedChildren(of directory: Node) -> [Node] {
        fixedContents(of: directory).map { fixedNode($1, named: $0, in: directory) }
    }

    private func fixedNode(_ content: Node.Content, named name: String, in directory: Node) -> Node {
        let inode = InodeNumber(key: content.key(in: directory.inode, named: name))
        return Node(inode: inode, parent: directory.inode, name: name, content: content)
    }

    private func fixedContents(of directory: Node) -> [(String, Node.Content)] {
        switch directory.content {
        case .root:
            [("README", .text(readme)), ("Projects", .projects)]
        case .project(let project):
            [("AppResults", .appResults(of: project)), ("Samples", .samples(of: project))]
        case .sample(let sample):
            [("Files", .directory(FilePlace(container: .sample(sample.id), path: "")))]
        case .appResult(let appResult):
            [("Files", .directory(FilePlace(container: .appResult(appResult.id), path: "")))]
                + ControlFile.allCases.map { ($0.rawValue, .control($0, of: appResult)) }
        case .projects, .samples, .appResults, .directory, .text, .file, .staged, .control, .link:
            []
        }
    }
}

extension Tree.State {
    /// A child by name: local entries first, then the listing.
    func child(named name: String, of directory: Node, in listing: Listing) -> Node? {
        if let local = localChild(named: name, of: directory) { return local }
        guard let child = listing.directories[directory.filePlace?.path ?? ""]?[name] else { return nil }
        return node(for: child, named: name, in: directory)
    }

    /// A child that is known without any listing.
    func localChild(named name: String, of directory: Node) -> Node? {
        guard let place = directory.filePlace, let child = local[place.container]?[place.appending(name).path] else {
            return nil
        }
        return node(for: child, named: name, in: directory)
    }

    func children(of directory: Node, in listing: Listing) -> [Node] {
        let place = directory.filePlace
        let localChildren = place.flatMap { local[$0.container]?.directories[$0.path] } ?? [:]
        let listed = listing.directories[place?.path ?? ""] ?? [:]
        var nodes: [Node] = []
        nodes.reserveCapacity(listed.count + localChildren.count)
        for (name, child) in listed where localChildren[name] == nil {
            nodes.append(node(for: child, named: name, in: directory))
        }
        for (name, child) in localChildren.sorted(by: { $0.key < $1.key }) {
            nodes.append(node(for: child, named: name, in: directory))
        }
        return nodes
    }

    private func node(for child: Listing.Child, named name: String, in directory: Node) -> Node {
        switch child {
        case .entity(let content): node(content, named: name, in: directory)
        case .file(let record): file(record, named: name, in: directory)
        case .directory: subdirectory(named: name, in: directory)
        }
    }

    private func node(for child: LocalEntries.Child, named name: String, in directory: Node) -> Node {
        switch child {
        case .staged(let inode):
            Node(
                inode: inode,
                parent: filesInode(of: directory),
                name: name,
                content: .staged(placeOfChild(named: name, in: directory))
            )
        case .uploaded(let record, _): file(record, named: name, in: directory)
        case .directory: subdirectory(named: name, in: directory)
        }
    }

    private func node(_ content: Node.Content, named name: String, in directory: Node) -> Node {
        let inode = InodeNumber(key: content.key(in: directory.inode, named: name))
        return Node(inode: inode, parent: directory.inode, name: name, content: content)
    }

    private func file(_ record: FileRecord, named name: String, in directory: Node) -> Node {
        let content = Node.Content.file(modified[record.id].map { record.with(modified: $0) } ?? record)
        let inode = aliases[record.id] ?? InodeNumber(key: content.key(in: directory.inode, named: name))
        return Node(inode: inode, parent: filesInode(of: directory), name: name, content: content)
    }

    /// A directory below `Files/`; seen from the AppResult or sample itself, a link to it, since the kernel allows a
    /// directory one parent only.
    private func subdirectory(named name: String, in directory: Node) -> Node {
        if case .directory(let place) = directory.content {
            return node(.directory(place.appending(name)), named: name, in: directory)
        }
        return node(.link(target: "Files/" + name), named: name, in: directory)
    }

    private func placeOfChild(named name: String, in directory: Node) -> FilePlace {
        directory.filePlace?.appending(name) ?? FilePlace(container: .sample(""), path: name)
    }

    /// The directory that a file stands in, also when it was looked up in the AppResult or sample above `Files/`.
    private func filesInode(of directory: Node) -> InodeNumber {
        guard let place = directory.filePlace else { return directory.inode }
        return InodeNumber(key: Node.Content.directory(place).key(in: directory.inode, named: ""))
    }
}
