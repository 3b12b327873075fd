internal import BaseSpaceAPI
internal import OrderedCollections

extension Tree.State {
    /// A child by name: local entries first, then the listing.
    func child(named name: String, of directory: Node, in listing: Listing) -> Node? {
        if let local = localChild(named: name, of: directory) { return local }
        if let child = listing.directories[directory.pathInListing]?[name] {
            return node(for: child, named: name, in: directory)
        }
        guard case .entity(.appSession) = directory.content, let key = listing.result(called: name) else { return nil }
        return directory.child(.link(target: key.link(fromDepth: directory.depth)), named: name)
    }

    /// A child that is known without any listing.
    func localChild(named name: String, of directory: Node) -> Node? {
        if case .properties(let place) = directory.content {
            let place = place.appending(name)
            guard localProperties[place.owner]?.contains(place.path) == true else { return nil }
            return directory.child(.properties(place), named: name)
        }
        guard let place = directory.placeOfLocalEntries,
            let child = local[place.container]?[place.appending(name).path]
        else { return nil }
        return node(for: child, named: name, in: directory)
    }

    /// What a directory shows: children of its own, what is listed, what is only here.
    func contents(of directory: Node, in listing: Listing, after own: [Node]) -> DirectoryContents {
        let listed = listing.directories[directory.pathInListing] ?? [:]
        if case .properties(let place) = directory.content {
            let nodes = own + properties(at: place, of: directory, listed: listed)
            return DirectoryContents(nodes, of: directory, asked: listing.asked)
        }
        let place = directory.placeOfLocalEntries
        let localChildren = place.flatMap { local[$0.container]?.directories[$0.path] } ?? [:]
        if case .directory = directory.content, own.isEmpty, localChildren.isEmpty {
            return DirectoryContents(
                files: listed,
                of: directory,
                asked: listing.asked,
                changes: fileChanges.about(listed)
            )
        }
        var nodes = own
        nodes.reserveCapacity(own.count + listed.count + localChildren.count)
        for (name, child) in listed where localChildren[name] == nil {
            node(for: child, named: name, in: directory).map { nodes.append($0) }
        }
        for (name, child) in localChildren.sorted(by: { $0.key < $1.key }) {
            node(for: child, named: name, in: directory).map { nodes.append($0) }
        }
        return DirectoryContents(nodes, of: directory, asked: listing.asked)
    }

    private func properties(at place: PropertyPlace, of directory: Node, listed: Listing.Directory) -> [Node] {
        let made = (localProperties[place.owner] ?? []).filter { path in
            PropertyPlace(owner: place.owner, path: path).directory == place.path
        }
        let names = made.map { PropertyPlace(owner: place.owner, path: $0).name }.filter { listed[$0] == nil }
        return listed.compactMap { node(for: $1, named: $0, in: directory) }
            + names.sorted().map { directory.child(.properties(place.appending($0)), named: $0) }
    }

    /// The node of a line of a listing, as the directory shows it; `nil` if it does not.
    private func node(for child: Listing.Child, named name: String, in directory: Node) -> Node? {
        switch (directory.content, child) {
        case (.hidden(.metadata(let place)), .directory):
            directory.child(.hidden(.metadata(place.appending(name))), named: name)
        case (.hidden(.metadata), .file(let record)):
            directory.child(.hidden(.fileMetadata(record)), named: name)
        case (.hidden(.status(let status, _)), .entity(.appResult(let appResult))):
            self.status(of: .appResult(appResult.id)) == status
                ? directory.child(.link(target: "../../AppResults/" + name), named: name) : nil
        case (_, .entity(let entity)): directory.child(.entity(entity), named: name)
        case (_, .reference(let key)):
            directory.child(.link(target: key.link(fromDepth: directory.depth)), named: name)
        case (.properties(let place), .directory):
            directory.child(.properties(place.appending(name)), named: name)
        case (.properties(let place), .text(let text)):
            directory.child(.property(place.appending(name), size: text.count), named: name)
        case (_, .text(let text)): directory.child(.text(text), named: name)
        case (_, .file(let record)): fileChanges.node(of: record, named: name, in: directory)
        case (_, .directory): directory.subdirectory(named: name)
        }
    }

    /// The node of what is only here, as the directory shows it; `nil` if it does not.
    private func node(for child: LocalEntries.Child, named name: String, in directory: Node) -> Node? {
        if case .hidden(.metadata(let place)) = directory.content {
            switch child {
            // The service has nothing to tell of it yet.
            case .staged: return nil
            case .uploaded(let record, _): return directory.child(.hidden(.fileMetadata(record)), named: name)
            case .directory: return directory.child(.hidden(.metadata(place.appending(name))), named: name)
            }
        }
        switch child {
        case .staged(let inode):
            return Node(
                inode: inode,
                parent: directory.filesInode,
                name: name,
                content: .staged(placeOfChild(named: name, in: directory))
            )
        case .uploaded(let record, _): return fileChanges.node(of: record, named: name, in: directory)
        case .directory: return directory.subdirectory(named: name)
        }
    }

    private func placeOfChild(named name: String, in directory: Node) -> FilePlace {
        directory.filePlace?.appending(name) ?? FilePlace(container: .sample(""), path: name)
    }
}

extension Node {
    /// A node in this directory.
    func child(_ content: Content, named name: String) -> Node {
        Node(inode: content.inode(in: inode, named: name), parent: inode, name: name, content: content)
    }

    /// A directory below `Files/`; seen from the entity itself, a link to it, since the kernel allows a directory one
    /// parent only.
    func subdirectory(named name: String) -> Node {
        if case .directory(let place) = content { return child(.directory(place.appending(name)), named: name) }
        return child(.link(target: "Files/" + name), named: name)
    }

    /// The directory that its files stand in, also when they are looked up in the entity above `Files/`.
    var filesInode: InodeNumber {
        guard case .entity = content, let place = filePlace else { return inode }
        return Content.directory(place).inode(in: inode, named: "")
    }

    /// The place whose local entries a directory shows: its own, or that of the files that it describes.
    fileprivate var placeOfLocalEntries: FilePlace? {
        if case .hidden(.metadata(let place)) = content { place } else { filePlace }
    }

    /// How many directories below the root the entries of this one stand, where links stand in it.
    var depth: Int {
        switch content {
        case .collection(let collection, _): collection.depth
        case .entity(let entity): entity.kind.depth
        case .properties(let place): place.depth
        case .hidden(.entities): 2
        default: 0
        }
    }
}
