public import Namespace
internal import Synchronization
public import SystemPackage
internal import Uploads

extension Volume {
    public func openDirectory(_ inode: InodeNumber, caller: Caller) throws(Errno) -> Answer<FileHandle> {
        let directory = try node(inode)
        guard directory.isDirectory else { throw .notDirectory }
        if let contents = tree.knownContents(of: directory) {
            return .ready(handle(for: contents, caller: caller))
        }
        return pending("listing '\(directory.name)'", in: inode) { [self] in
            handle(for: try await tree.contents(of: directory), caller: caller)
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
        defer { trimKernel() }
        let directory = snapshot.contents.directory
        let dots = [(".", directory.inode), ("..", directory.parent)]
        for (index, (name, inode)) in dots.enumerated() where cookie <= index {
            let cookie = UInt64(index + 1)
            let entry = DirectoryEntry(name: name, inode: inode, kind: .directory, entry: nil, cookie: cookie)
            guard body(entry) else { return }
        }
        // What was listed anew meanwhile is not told as if it were of now.
        let isCurrent = attributes && tree.shows(snapshot.contents)
        let first = Int(clamping: max(cookie, UInt64(dots.count)) - UInt64(dots.count))
        guard first < snapshot.contents.count else { return }
        for index in first..<snapshot.contents.count {
            let line = line(at: index, of: snapshot, attributes: isCurrent, cookie: UInt64(index + dots.count + 1))
            guard body(line) else {
                if let inode = line.entry?.attributes.attributes.inode {
                    forget(inode, count: 1)
                }
                return
            }
        }
        habits.withLock { $0.finished(inode, by: snapshot.reader, at: .now) }
    }

    /// A line of a listing. Without an entry the kernel looks the name up when somebody wants it: that is for what just left
    /// the tree, and for what nobody seems to want.
    private func line(
        at index: Int,
        of snapshot: DirectorySnapshot,
        attributes: Bool,
        cookie: UInt64
    ) -> DirectoryEntry {
        let contents = snapshot.contents
        if let name = contents.fileName(at: index), !(attributes && snapshot.tellsAttributes(ofFile: name)) {
            let inode = contents.inode(at: index)
            return DirectoryEntry(name: name, inode: inode, kind: .regular, entry: nil, cookie: cookie)
        }
        let child = contents.node(at: index)
        let tells = attributes && snapshot.tellsAttributes(of: child)
        let entry = tells ? self.entry(for: child, in: contents.directory) : nil
        return DirectoryEntry(
            name: child.name,
            inode: entry?.attributes.attributes.inode ?? child.inode,
            kind: kind(of: child),
            entry: entry,
            cookie: cookie
        )
    }

    /// Has the kernel forget the names it has known longest when it knows very many: a walk over a million files would
    /// leave them all in this process's memory.
    func trimKernel() {
        let surplus = tree.surplusNodes()
        guard !surplus.isEmpty, let kernel = kernel.withLock({ $0 }) else { return }
        for node in surplus {
            forget(node, in: kernel)
        }
    }

    /// Has the kernel forget the names of a node, or ask for them again where programs may stand in it.
    func forget(_ node: Node, in kernel: any KernelCache) {
        guard node.isForgettable else { return kernel.expireEntry(node.name, in: node.parent) }
        kernel.invalidateEntry(node.name, in: node.parent)
        if let alias = node.parentAbove {
            kernel.invalidateEntry(node.name, in: alias)
        }
    }

    public func releaseDirectory(_ handle: FileHandle, of inode: InodeNumber) {
        _ = handles.remove(handle)
    }

    public func readSymbolicLink(_ inode: InodeNumber) throws(Errno) -> Answer<String> {
        let node = try node(inode)
        switch node.content {
        case .link(let target):
            return .ready(target)
        case .sessionLink(let entity):
            return pending("asking for the session of \(entity)", in: node.parent) { [tree] in
                guard let target = try await tree.sessionLink(of: entity) else { throw Errno.noSuchFileOrDirectory }
                return target
            }
        default:
            throw .invalidArgument
        }
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

    private func handle(for contents: DirectoryContents, caller: Caller) -> FileHandle {
        let probe = contents.firstFileName
        let detail = habits.withLock { habits in
            habits.open(contents.directory.inode, lines: contents.count, probe: probe, by: caller.pid, at: .now)
        }
        return handles.insert(.directory(DirectorySnapshot(contents: contents, detail: detail, reader: caller.pid)))
    }

    private func kind(of node: Node) -> Attributes.Kind {
        switch node.content {
        case .link, .sessionLink: .symbolicLink
        default: node.isDirectory ? .directory : .regular
        }
    }
}
