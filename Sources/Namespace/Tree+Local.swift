public import BaseSpaceAPI
internal import Synchronization

/// What is written here: the local entries that lie over the service's listings.
extension Tree {
    /// Enters a file that is being written, under a number of its own.
    ///
    /// - Parameters:
    ///   - place: Where it stands; an entry of that place is covered by it.
    ///   - serial: What tells it from every other staged file of this account, also over remounts.
    public func addStagedFile(at place: FilePlace, serial: String) -> Node {
        let inode = InodeNumber(key: "staged/\(serial)")
        return enterStagedFile(inode, at: place)
    }

    /// Moves a staged file to another place, covering what stands there.
    public func moveStagedFile(_ inode: InodeNumber, from old: FilePlace, to new: FilePlace) {
        state.withLock { state in
            if case .staged(inode) = state.local[old.container]?[old.path] {
                state.local[old.container]?[old.path] = nil
            }
        }
        let node = enterStagedFile(inode, at: new)
        state.withLock { $0.slots[inode]?.node = node }
    }

    /// Takes a staged file out of the tree.
    public func removeStagedFile(_ inode: InodeNumber, at place: FilePlace) {
        state.withLock { state in
            if case .staged(inode) = state.local[place.container]?[place.path] {
                state.local[place.container]?[place.path] = nil
            }
        }
    }

    /// Lets an upload take the place of the staged file it was made from, under the same inode number.
    ///
    /// - Parameter modified: The time its writer gave it, which `rsync -a` compares.
    public func replaceStagedFile(_ inode: InodeNumber, at place: FilePlace, by file: RemoteFile, modified: Timestamp) {
        let record = FileRecord(file, place: place, modified: modified)
        state.withLock { state in
            state.modified[file.id] = modified
            if case .staged(inode) = state.local[place.container]?[place.path] {
                state.local[place.container]?[place.path] = .uploaded(record, at: now())
            }
            guard let slot = state.slots[inode] else { return }
            state.aliases[file.id] = inode
            state.slots[inode]?.node = Node(
                inode: inode,
                parent: slot.node.parent,
                name: slot.node.name,
                content: .file(record)
            )
        }
    }

    /// Makes a directory below `Files/`. It exists here only, until a file in it is uploaded.
    public func addLocalDirectory(at place: FilePlace) -> Node {
        state.withLock { state in
            state.local[place.container, default: LocalEntries()][place.path] = .directory
        }
        return node(.directory(place), at: place)
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

    private func enterStagedFile(_ inode: InodeNumber, at place: FilePlace) -> Node {
        state.withLock { state in
            state.local[place.container, default: LocalEntries()][place.path] = .staged(inode)
        }
        return Node(inode: inode, parent: filesInode(of: place), name: place.name, content: .staged(place))
    }

    private func node(_ content: Node.Content, at place: FilePlace) -> Node {
        let parent = filesInode(of: place)
        let inode = InodeNumber(key: content.key(in: parent, named: place.name))
        return Node(inode: inode, parent: parent, name: place.name, content: content)
    }

    /// The number of the directory that a place is in.
    private func filesInode(of place: FilePlace) -> InodeNumber {
        let directory = FilePlace(container: place.container, path: place.directory)
        return InodeNumber(key: Node.Content.directory(directory).key(in: .root, named: directory.name))
    }
}
