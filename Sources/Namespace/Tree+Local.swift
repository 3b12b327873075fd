public import BaseSpaceAPI
internal import Synchronization

/// What is written here: the local entries that lie over the service's listings.
extension Tree {
    /// The number of a staged file.
    ///
    /// - Parameter serial: What tells it from every other staged file of this account, also over remounts.
    public static func inode(ofStagedFile serial: String) -> InodeNumber {
        InodeNumber(key: "staged/\(serial)")
    }

    /// Enters a file that is being written; an entry of that place is covered by it.
    public func addStagedFile(_ inode: InodeNumber, at place: FilePlace) -> Node {
        state.withLock { $0.enterStagedFile(inode, at: place) }
    }

    /// Moves a staged file to another place, covering what stands there.
    public func moveStagedFile(_ inode: InodeNumber, from old: FilePlace, to new: FilePlace) {
        state.withLock { state in
            state.removeStagedFile(inode, at: old)
            let node = state.enterStagedFile(inode, at: new)
            state.slots[inode]?.node = node
        }
    }

    /// Takes a staged file out of the tree.
    public func removeStagedFile(_ inode: InodeNumber, at place: FilePlace) {
        state.withLock { $0.removeStagedFile(inode, at: place) }
    }

    /// Lets an upload take the place of the staged file it was made from, under the same inode number.
    ///
    /// - Parameter modified: The time its writer gave it, which `rsync -a` compares.
    public func replaceStagedFile(_ inode: InodeNumber, at place: FilePlace, by file: RemoteFile, modified: Timestamp) {
        let record = FileRecord(file, place: place).with(modified: modified)
        state.withLock { state in
            state.fileChanges.modified[file.id] = modified
            if case .staged(inode) = state.local[place.container]?[place.path] {
                state.local[place.container]?[place.path] = .uploaded(record, at: now())
            }
            guard let slot = state.slots[inode] else { return }
            state.fileChanges.aliases[file.id] = FileChanges.Alias(inode: inode, tag: file.tag)
            state.slots[inode]?.node = slot.node.with(.file(record))
        }
    }

    /// Lets a staged file stand for a file of the service, under the same inode number, until the next version is uploaded.
    public func coverFile(_ inode: InodeNumber, at place: FilePlace) {
        state.withLock { state in
            let node = state.enterStagedFile(inode, at: place)
            state.slots[inode]?.node = node
        }
    }

    /// Shows the service's file again that a staged one stood for. It may be younger than the listing.
    ///
    /// - Parameter modified: The time that a program gave it meanwhile.
    public func restoreFile(
        _ record: FileRecord,
        under inode: InodeNumber,
        at place: FilePlace,
        modified: Timestamp? = nil
    ) {
        let record = modified.map { record.with(modified: $0) } ?? record
        state.withLock { state in
            if let modified {
                state.fileChanges.modified[record.id] = modified
            }
            if case .staged(inode) = state.local[place.container]?[place.path] {
                state.local[place.container]?[place.path] = .uploaded(record, at: now())
            }
            guard let slot = state.slots[inode] else { return }
            state.slots[inode]?.node = slot.node.with(.file(record))
        }
    }

    /// Takes in the times that writers gave to files which are uploaded by now, by the id of the file.
    public func remember(modified times: [EntityID: Timestamp]) {
        state.withLock { $0.fileChanges.modified.merge(times) { current, _ in current } }
    }

    /// Makes the directories that a file stands in, as far as they are not known: a staged file of an earlier mount may be in
    /// one that the service does not have.
    public func addDirectories(above place: FilePlace) {
        state.withLock { state in
            var directory = FilePlace(container: place.container, path: place.directory)
            while !directory.path.isEmpty {
                state.local[place.container, default: LocalEntries()][directory.path] = .directory
                directory.path = directory.directory
            }
        }
    }

    /// Makes a directory below `Files/`. It exists here only, until a file in it is uploaded.
    public func addLocalDirectory(at place: FilePlace) -> Node {
        state.withLock { state in
            state.local[place.container, default: LocalEntries()][place.path] = .directory
        }
        return localDirectory(at: place)
    }

    /// The node of a directory below `Files/`.
    public func localDirectory(at place: FilePlace) -> Node {
        node(.directory(place), at: place)
    }

    /// Removes a directory that exists here only.
    ///
    /// - Returns: Whether there was one.
    public func removeLocalDirectory(at place: FilePlace) -> Bool {
        state.withLock { state in
            guard case .directory = state.local[place.container]?[place.path] else { return false }
            state.local[place.container]?[place.path] = nil
            return true
        }
    }

    /// Keeps the time that a program gave to a file of the service, for as long as this mount lives.
    public func setModified(of record: FileRecord, under inode: InodeNumber, to modified: Timestamp) {
        state.withLock { state in
            state.fileChanges.modified[record.id] = modified
            guard let slot = state.slots[inode], case .file(let known) = slot.node.content, known.id == record.id
            else { return }
            state.slots[inode]?.node = slot.node.with(.file(known.with(modified: modified)))
        }
    }

    /// The number of the file that is written at a place; `nil` if none is.
    public func stagedFile(at place: FilePlace) -> InodeNumber? {
        state.withLock { state in
            guard case .staged(let inode) = state.local[place.container]?[place.path] else { return nil }
            return inode
        }
    }

    private func node(_ content: Node.Content, at place: FilePlace) -> Node {
        let parent = place.directoryInode
        let inode = content.inode(in: parent, named: place.name)
        return Node(inode: inode, parent: parent, name: place.name, content: content)
    }
}

extension Tree.State {
    fileprivate mutating func enterStagedFile(_ inode: InodeNumber, at place: FilePlace) -> Node {
        local[place.container, default: LocalEntries()][place.path] = .staged(inode)
        return Node(inode: inode, parent: place.directoryInode, name: place.name, content: .staged(place))
    }

    fileprivate mutating func removeStagedFile(_ inode: InodeNumber, at place: FilePlace) {
        if case .staged(inode) = local[place.container]?[place.path] {
            local[place.container]?[place.path] = nil
        }
    }
}

extension FilePlace {
    /// The number of the directory that a place is in.
    fileprivate var directoryInode: InodeNumber {
        let directory = FilePlace(container: container, path: directory)
        return Node.Content.directory(directory).inode(in: .root, named: directory.name)
    }
}
