internal import BaseSpaceAPI
internal import Logging
public import Namespace
internal import RemoteFiles
internal import Synchronization
public import SystemPackage
internal import Uploads

extension Volume {
    public func open(_ inode: InodeNumber, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<OpenFile> {
        guard mode.writes, let node = tree.node(inode) else { return try openKnown(inode, mode: mode, caller: caller) }
        return try noting("opening '\(node.name)' to write it", in: node.parent) { () throws(Errno) in
            guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
            return try openKnown(inode, mode: mode, caller: caller)
        }
    }

    private func openKnown(_ inode: InodeNumber, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<OpenFile> {
        if let entry = staged[inode], let answer = try open(entry, mode: mode, caller: caller) { return answer }
        let node = try node(inode)
        switch node.content {
        case .file(let record):
            guard !mode.writes else { return try overwrite(record, of: node, mode: mode, caller: caller) }
            return .ready(try open(record, of: node))
        case .text(let bytes):
            guard !mode.writes else { throw .permissionDenied }
            return .ready(opened(.text(bytes)))
        case .control(let control, let entity):
            return try open(control, of: entity, node: node, mode: mode)
        case .document(let document):
            guard !mode.writes else { throw .permissionDenied }
            if let text = tree.knownText(of: document) { return .ready(opened(.text(text), isDirect: true)) }
            return pending("reading '\(node.name)'", in: node.parent) { [self] in
                opened(.text(try await tree.text(of: document)), isDirect: true)
            }
        case .property(let place, _):
            if mode.writes { return .ready(try openProperty(node, at: place, mode: mode, caller: caller)) }
            if let text = tree.knownText(ofProperty: place) { return .ready(opened(.text(text), isDirect: true)) }
            return pending("reading property '\(place.path)'", in: node.parent) { [self] in
                opened(.text(try await tree.text(ofProperty: place)), isDirect: true)
            }
        case .lastError(let directory):
            guard !mode.writes else { throw .permissionDenied }
            return .ready(opened(.text(errorText(of: directory)), isDirect: true))
        case .commands(let directory):
            return .ready(opened(mode.writes ? .command(node) : .text(commandsText(of: directory)), isDirect: true))
        case .staged:
            // It was removed.
            throw .staleNFSFileHandle
        case .link, .sessionLink:
            throw .tooManySymbolicLinkLevels
        default:
            throw .isDirectory
        }
    }

    public func read(
        _ handle: FileHandle,
        of inode: InodeNumber,
        at offset: UInt64,
        count: Int,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(Errno) -> (any PendingRead)? {
        guard let offset = Int64(exactly: offset) else { throw .invalidArgument }
        switch handles[handle] {
        case .remote(let content):
            return content.read(at: offset, count: count, body)
                .map { PendingRemoteRead(read: $0, inode: inode, volume: self) }
        case .staged(let staged):
            try read(staged, at: offset, count: count, body)
            return nil
        case .text(let bytes):
            bytes.withUnsafeBytes { all in
                let start = min(Int(offset), all.count)
                body(UnsafeRawBufferPointer(rebasing: all[start..<min(start + count, all.count)]))
            }
            return nil
        case .command, .property, .directory, nil:
            throw .badFileDescriptor
        }
    }

    /// The content of a file is not the one that is listed: the next look asks the service, and finds the new one.
    fileprivate func forgetContent(of inode: InodeNumber) {
        guard let node = tree.node(inode), let place = node.filePlace else { return }
        tree.refreshFiles(of: place.container)
        guard let kernel = kernel.withLock({ $0 }) else { return }
        forget(node, in: kernel)
        kernel.invalidateInode(inode)
    }

    func opened(
        _ handle: OpenHandle,
        keepsCache: Bool = false,
        isDirect: Bool = false,
        skipsFlush: Bool = true,
        backing: (any FileBacking)? = nil
    ) -> OpenFile {
        OpenFile(
            handle: handles.insert(handle),
            keepsCache: keepsCache,
            isDirect: isDirect,
            skipsFlush: skipsFlush,
            backing: backing
        )
    }

    /// Smaller files are one or two requests of the kernel; making them ready for it would cost more than it saves.
    private static let smallestBacking: Int64 = 1 << 20

    /// Why a place in a container can't be written to: nothing there can any more, or not this.
    func writeRefusal(for container: FileContainer) -> Errno {
        tree.acceptsWork(container) ? .notPermitted : .readOnlyFileSystem
    }

    private func open(_ record: FileRecord, of node: Node) throws(Errno) -> OpenFile {
        let version = RemoteFileVersion(record, name: node.name)
        let surroundings = tree.node(node.parent).map { FileSurroundings(tree: tree, node: $0) }
        do {
            let content = try reader.open(version, url: record.contentURL, in: surroundings)
            // Content is immutable: the kernel's pages stay right for as long as the ETag is the same.
            let etag = record.etag ?? ""
            let isSame = cachedVersions.withLock { versions in
                defer { versions[node.inode] = etag }
                return versions[node.inode] == etag && !etag.isEmpty
            }
            // Without an ETag there is no telling one version from the next.
            let isOffered = !etag.isEmpty && record.size >= Self.smallestBacking
            let backing = RemoteBacking(file: content, hasPages: isSame, volume: self, inode: node.inode)
            return opened(.remote(content), keepsCache: isSame, backing: isOffered ? backing : nil)
        } catch {
            throw failed(error, doing: "opening '\(node.name)'", in: node.parent)
        }
    }

    private func read(
        _ handle: StagedHandle,
        at offset: Int64,
        count: Int,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(Errno) {
        guard handle.mode.reads else { throw .badFileDescriptor }
        let result = withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { buffer -> Result<Void, Errno> in
            do throws(Errno) {
                let read = try handle.entry.file.read(buffer, at: offset)
                body(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}

/// The disk cache's file of an open content.
private struct RemoteBacking: FileBacking {
    let file: OpenContent
    /// The file was open before, and the kernel may have kept its pages.
    let hasPages: Bool
    let volume: Volume
    let inode: InodeNumber

    var content: String { "\(file.file.id) \(file.file.etag ?? "") \(file.file.size)" }

    func withDescriptor(_ body: (CInt) -> Void) {
        // The same bytes twice in memory: the kernel's own pages of the mount's file go, in the background, and not
        // when the next program opens it (a fifth of a second for a GiB).
        file.withBacking(hasPages: hasPages, body) { [weak volume, inode] in
            volume?.kernel.withLock { $0 }?.dropPages(ofClosed: inode)
        }
    }
}

/// A read of the service's bytes, answered in `Errno`.
private struct PendingRemoteRead: PendingRead {
    let read: PendingContentRead
    let inode: InodeNumber
    let volume: Volume

    func start(_ reply: any ReadReply) {
        read.start(Bridge(reply: reply, inode: inode, volume: volume))
    }

    func cancel() {
        read.cancel()
    }

    private struct Bridge: ContentReadReply {
        let reply: any ReadReply
        let inode: InodeNumber
        let volume: Volume

        func succeed(_ bytes: UnsafeRawBufferPointer) {
            reply.succeed(bytes)
        }

        func fail(_ error: RemoteReadError) {
            if error.code == .changed {
                volume.forgetContent(of: inode)
            }
            reply.fail(volume.failed(error, doing: "reading", in: volume.tree.node(inode)?.parent))
        }
    }
}
