public import Namespace
public import SystemPackage
internal import Uploads

extension Volume {
    public func openDirectory(_ inode: InodeNumber) throws(Errno) -> Answer<FileHandle> {
        let directory = try node(inode)
        guard directory.isDirectory else { throw .notDirectory }
        if let children = tree.knownChildren(of: directory) {
            return .ready(handle(for: children, of: directory))
        }
        return pending("listing '\(directory.name)'") { [self] in
            handle(for: try await tree.children(of: directory), of: directory)
        }
    }

    public func readDirectory(
        _ handle: FileHandle,
        of inode: InodeNumber,
        after cookie: UInt64,
        attributes: Bool,
        _ body: (borrowing DirectoryEntry) -> Bool
    ) throws(Errno) {
        guard case .directory(let snapshot) = handles[handle] else { throw .badFileDescriptor }
        let directory = snapshot.directory
        let dots = [(".", directory.inode), ("..", directory.parent)]
        for (index, (name, inode)) in dots.enumerated() where cookie <= index {
            let cookie = UInt64(index + 1)
            let entry = DirectoryEntry(name: name, inode: inode, kind: .directory, entry: nil, cookie: cookie)
            guard body(entry) else { return }
        }
        let first = Int(clamping: max(cookie, UInt64(dots.count)) - UInt64(dots.count))
        guard first < snapshot.children.count else { return }
        for index in first..<snapshot.children.count {
            let child = snapshot.children[index]
            // Without an entry the kernel looks the name up when somebody wants it: that is for what just left the tree.
            let entry = attributes ? self.entry(for: child, in: directory) : nil
            let line = DirectoryEntry(
                name: child.name,
                inode: entry?.attributes.attributes.inode ?? child.inode,
                kind: kind(of: child),
                entry: entry,
                cookie: UInt64(index + dots.count + 1)
            )
            guard body(line) else {
                if let inode = entry?.attributes.attributes.inode {
                    forget(inode, count: 1)
                }
                return
            }
        }
    }

    public func releaseDirectory(_ handle: FileHandle, of inode: InodeNumber) {
        _ = handles.remove(handle)
    }

    public func readSymbolicLink(_ inode: InodeNumber) throws(Errno) -> Answer<String> {
        guard case .link(let target) = try node(inode).content else { throw .invalidArgument }
        return .ready(target)
    }

    public func statistics() throws(Errno) -> Answer<VolumeStatistics> {
        let (blockSize, blocks, free) = staging.statistics()
        return .ready(
            VolumeStatistics(
                blockSize: blockSize,
                blocks: blocks,
                freeBlocks: free,
                maximumNameLength: UInt32(EntityNames.maximumLength)
            )
        )
    }

    private func handle(for children: [Node], of directory: Node) -> FileHandle {
        handles.insert(.directory(DirectorySnapshot(directory: directory, children: children)))
    }

    private func kind(of node: Node) -> Attributes.Kind {
        if case .link = node.content { return .symbolicLink }
        return node.isDirectory ? .directory : .regular
    }
}
