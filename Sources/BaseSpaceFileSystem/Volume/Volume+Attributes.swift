internal import BaseSpaceAPI
public import Namespace
public import SystemPackage
internal import Uploads

extension Volume {
    public func attributes(of inode: InodeNumber, handle: FileHandle?) throws(Errno) -> Answer<TimedAttributes> {
        let node = try node(inode)
        switch node.content {
        case .control(_, let entity) where tree.freshSession(of: entity) == nil:
            // The size of a control file is that of the session's present state.
            return pending("asking for the state of \(Self.words(for: entity))", in: node.parent) { [self] in
                _ = try await tree.session(of: entity)
                return try timedAttributes(of: node)
            }
        // One look for each: by a second one its time may be over.
        case .document(let document):
            if let text = tree.knownText(of: document) { return .ready(attributes(of: node, document, text)) }
            return pending("asking for '\(node.name)'", in: node.parent) { [self] in
                attributes(of: node, document, try await tree.text(of: document))
            }
        case .property(let place, _):
            if let text = tree.knownText(ofProperty: place) {
                return .ready(attributes(of: node, at: place, size: text.count))
            }
            return pending("asking for property '\(place.path)'", in: node.parent) { [self] in
                attributes(of: node, at: place, size: try await tree.text(ofProperty: place).count)
            }
        default:
            return .ready(try timedAttributes(of: node))
        }
    }

    public func setAttributes(
        of inode: InodeNumber,
        to changes: AttributeChanges,
        handle: FileHandle?
    ) throws(Errno) -> Answer<TimedAttributes> {
        let node = try node(inode)
        return try noting("changing '\(node.name)'", in: node.parent) { () throws(Errno) in
            try setAttributes(of: node, to: changes, handle: handle)
        }
    }

    private func setAttributes(
        of node: Node,
        to changes: AttributeChanges,
        handle: FileHandle?
    ) throws(Errno) -> Answer<TimedAttributes> {
        let inode = node.inode
        if let entry = staged[inode] {
            let version = entry.file.version
            try change(entry, to: changes)
            if version != entry.file.version, handle != nil {
                // `ftruncate` is a write, which the close of that handle commits.
                entry.noteWrite()
            }
            guard changes.size != nil, handle == nil else { return .ready(try timedAttributes(of: node)) }
            return finishing("changing the size of '\(node.name)'", in: node.parent) { [self] in
                try await finishChange(of: entry)
                return try timedAttributes(of: self.node(inode))
            }
        }
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        switch node.content {
        case .control(_, let entity) where changes.size != nil:
            // `echo complete > Status` truncates first.
            guard tree.knownSession(of: entity)?.status.isFinal != true else { throw .readOnlyFileSystem }
            return .ready(try timedAttributes(of: node))
        case .commands where changes.size != nil:
            return .ready(try timedAttributes(of: node))
        case .property(let place, _):
            guard let size = changes.size else { throw .notPermitted }
            return try resize(node, at: place, to: size, handle: handle)
        case .directory, .entity(.appResult), .file:
            guard let container = node.filePlace?.container, tree.acceptsWork(container) else {
                throw .readOnlyFileSystem
            }
            let attributes = try timedAttributes(of: node).attributes
            if let size = changes.size, size != attributes.size {
                guard case .file(let record) = node.content else { throw .notPermitted }
                return try truncate(record, of: node, to: size)
            }
            // `cp -p`, `tar` and rsync set modes and times of what they made, by the time they get to it perhaps
            // uploaded. The service keeps neither; the journal keeps the times of files, which rsync compares.
            if case .file(let record) = node.content, let modified = changes.modified {
                tree.setModified(of: record, under: node.inode, to: modified)
                journal.setModified(of: record.id, modified)
            }
            return .ready(try timedAttributes(of: self.node(inode)))
        default:
            throw .notPermitted
        }
    }

    /// A change of the size by path is whole at once: nobody is going to close anything.
    func finishChange(of entry: StagedEntry) async throws {
        guard !entry.isBeingWritten, !entry.file.isSealed else { return }
        entry.seal()
        if case .pending(let upload) = commitAsAgreed(entry, doing: "uploading '\(entry.place.path)'") {
            try await upload()
        }
    }

    func change(_ entry: StagedEntry, to changes: AttributeChanges) throws(Errno) {
        if let size = changes.size {
            guard let size = Int64(exactly: size) else { throw .fileTooLarge }
            // `ftruncate` to the size it has, as rsync ends with, is no change.
            if size != entry.file.size {
                try entry.changing(overwriting: configuration.allowsOverwrite) { () throws(Errno) in
                    try entry.file.truncate(to: size)
                }
            }
            if size == 0 {
                entry.forgive()
            }
        }
        if changes.permissions != nil || changes.modified != nil {
            entry.set(permissions: changes.permissions, modified: changes.modified)
        }
    }

    private func attributes(of node: Node, _ document: DocumentFile, _ text: [UInt8]) -> TimedAttributes {
        let lifetime = document.isReport ? Self.reportLifetime : Self.documentLifetime
        return file(node, permissions: 0o444, size: UInt64(text.count), lifetime: lifetime)
    }

    /// Those of a property of text.
    func attributes(of node: Node, at place: PropertyPlace, size: Int) -> TimedAttributes {
        let isWritable = place.owner.kind.propertyFault == nil && !configuration.isReadOnly
        // Who looks between emptying it and the close that does so must not make the kernel remember the old size.
        return file(node, permissions: isWritable ? 0o644 : 0o444, size: UInt64(size), lifetime: 0)
    }

    /// What `stat` tells of a node, from memory.
    ///
    /// - Throws: ESTALE for a staged file that is gone.
    func timedAttributes(of node: Node) throws(Errno) -> TimedAttributes {
        let container = node.filePlace?.container
        switch node.content {
        case .collection(.projects, _), .collection(.appResults, _):
            return directory(node, isWritable: true, modified: modified(of: node))
        case .properties(let place):
            let isWritable = place.owner.kind.propertyFault == nil
            return directory(node, isWritable: isWritable, modified: modified(of: node))
        case .entity(.appResult), .directory:
            let isWritable = container.map { tree.acceptsWork($0) } ?? false
            return directory(node, isWritable: isWritable, modified: modified(of: node))
        case .entity(.appSession):
            // AppResults can be made in it.
            return directory(node, isWritable: true, modified: modified(of: node))
        case .root, .collection, .entity, .hidden:
            return directory(node, isWritable: false, modified: modified(of: node))
        case .text(let bytes):
            return file(node, permissions: 0o444, size: UInt64(bytes.count), lifetime: Self.documentLifetime)
        case .document(let document):
            // Whoever lists a directory does not want to wait for what nobody looked at; the kernel asks when somebody does.
            guard let text = tree.knownText(of: document) ?? tree.lastReport(document) else { throw .wouldBlock }
            return attributes(of: node, document, text)
        case .property(let place, let size):
            // The listing that it came from may be old by now; whoever reads the directory gets what that said.
            return attributes(of: node, at: place, size: tree.knownText(ofProperty: place)?.count ?? size)
        case .lastError(let directory):
            return file(node, permissions: 0o444, size: UInt64(errorText(of: directory).count), lifetime: 0)
        case .commands(let directory):
            let permissions: UInt16 = configuration.isReadOnly ? 0o444 : 0o644
            return file(node, permissions: permissions, size: UInt64(commandsText(of: directory).count), lifetime: 1)
        case .file(let record):
            let isOpen = configuration.allowsOverwrite && !configuration.isReadOnly
            return file(
                node,
                permissions: isOpen && tree.acceptsWork(record.container) ? 0o644 : 0o444,
                size: UInt64(max(record.size, 0)),
                modified: record.modified,
                lifetime: Self.longLifetime
            )
        case .staged:
            guard let entry = staged[node.inode] else {
                // It was settled a moment ago, and is a file of the service by now.
                guard let current = tree.node(node.inode), case .file = current.content else {
                    throw .staleNFSFileHandle
                }
                return try timedAttributes(of: current)
            }
            return file(
                node,
                permissions: entry.permissions,
                size: UInt64(max(entry.file.size, 0)),
                modified: entry.file.modified,
                lifetime: 1
            )
        case .control(let control, let entity):
            let session = tree.knownSession(of: entity)
            let isOpen = !(session?.status.isFinal ?? false) && !configuration.isReadOnly
            return file(
                node,
                permissions: isOpen ? 0o644 : 0o444,
                size: UInt64(Self.text(of: control, in: session).count),
                modified: entity.modified,
                lifetime: 1
            )
        case .link(let target):
            var attributes = self.attributes(of: node, kind: .symbolicLink, permissions: 0o777)
            attributes.size = UInt64(target.utf8.count)
            return TimedAttributes(attributes, lifetime: Self.longLifetime)
        case .sessionLink:
            // As in /proc, the length is not known before somebody reads it.
            let attributes = self.attributes(of: node, kind: .symbolicLink, permissions: 0o777)
            return TimedAttributes(attributes, lifetime: Self.longLifetime)
        }
    }

    private func directory(_ node: Node, isWritable: Bool, modified: Timestamp?) -> TimedAttributes {
        let isWritable = isWritable && !configuration.isReadOnly
        var attributes = self.attributes(of: node, kind: .directory, permissions: isWritable ? 0o755 : 0o555)
        attributes.modified = modified ?? configuration.mounted
        attributes.blockSize = 4096
        // Whether a directory is writable changes with its session.
        return TimedAttributes(attributes, lifetime: Self.directoryLifetime)
    }

    private func file(
        _ node: Node,
        permissions: UInt16,
        size: UInt64,
        modified: Timestamp? = nil,
        lifetime: Double
    ) -> TimedAttributes {
        var attributes = self.attributes(of: node, kind: .regular, permissions: permissions)
        attributes.size = size
        attributes.modified = modified ?? configuration.mounted
        return TimedAttributes(attributes, lifetime: lifetime)
    }

    private func attributes(of node: Node, kind: Attributes.Kind, permissions: UInt16) -> Attributes {
        Attributes(
            inode: node.inode,
            kind: kind,
            permissions: permissions,
            size: 0,
            uid: configuration.uid,
            gid: configuration.gid,
            modified: configuration.mounted,
            blockSize: Self.blockSize
        )
    }

    private func modified(of node: Node) -> Timestamp? {
        switch node.content {
        case .collection(_, let entity): entity?.modified
        case .entity(let entity): entity.modified
        case .directory(let place): tree.created(place.container)
        default: nil
        }
    }

    /// `st_blksize`: `cp` then copies in 1 MiB pieces, and samtools writes a 10 MB BAM in 11 requests and not in 500.
    static let blockSize: UInt32 = 1 << 20
    /// Seconds for which the attributes of what does not change hold.
    static let longLifetime = 3600.0
    /// Seconds for which those of a text hold that the service was asked for.
    static let documentLifetime = 60.0
    /// The same for one that the mount makes itself, of the moment.
    private static let reportLifetime = 0.1
    /// Seconds for which those of a directory hold.
    static let directoryLifetime = 60.0
}
