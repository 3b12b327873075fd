internal import BaseSpaceAPI
public import Namespace
public import SystemPackage
internal import Uploads

/// Making, removing and renaming.
///
/// The service creates projects and AppResults; it neither renames nor removes a file. What is staged is a local file
/// and can be renamed and removed until it is uploaded.
extension Volume {
    public func makeDirectory(
        _ name: String,
        in parent: InodeNumber,
        permissions: UInt16,
        caller: Caller
    ) throws(Errno) -> Answer<Entry> {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        let directory = try node(parent)
        if case .found = tree.knownChild(named: name, of: directory) { throw .fileExists }
        switch directory.content {
        case .projects, .appResults:
            // A name that would be shown as another one could not be found again.
            guard EntityNames.legal(name) == name else { throw .invalidArgument }
            return finishing("making '\(name)'") { [self] in
                switch try await tree.createEntity(named: name, in: directory) {
                case .created(let node): return entry(for: node, in: directory)
                case .existing: throw Errno.fileExists
                }
            }
        case .directory, .appResult:
            guard let place = directory.filePlace, tree.acceptsWork(place.container) else { throw .readOnlyFileSystem }
            guard name.hasPrefix(".") || EntityNames.legal(name) == name else { throw .invalidArgument }
            return .ready(entry(for: tree.addLocalDirectory(at: place.appending(name)), in: directory))
        case .sample:
            throw .readOnlyFileSystem
        default:
            throw .notPermitted
        }
    }

    public func removeDirectory(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        let directory = try node(parent)
        guard case .directory(let place) = directory.content else { throw .notPermitted }
        guard tree.acceptsWork(place.container) else { throw .readOnlyFileSystem }
        guard case .found(let child) = tree.knownChild(named: name, of: directory) else { throw .noSuchFileOrDirectory }
        guard child.isDirectory else { throw .notDirectory }
        guard let children = tree.knownChildren(of: child), children.isEmpty else { throw .directoryNotEmpty }
        guard tree.removeLocalDirectory(at: place.appending(name)) else { throw .notPermitted }
        return .ready(())
    }

    public func removeFile(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        let (child, _) = try changeable(name, in: parent)
        guard let entry = staged[child.inode] else { throw .notPermitted }
        discard(entry)
        return .ready(())
    }

    public func rename(
        _ name: String,
        in parent: InodeNumber,
        to newName: String,
        in newParent: InodeNumber,
        replacing: Bool
    ) throws(Errno) -> Answer<Void> {
        let (child, _) = try changeable(name, in: parent)
        guard let entry = staged[child.inode] else { throw .notPermitted }
        let newDirectory = try node(newParent)
        guard let place = newDirectory.filePlace?.appending(newName) else { throw .notPermitted }
        guard tree.acceptsWork(place.container) else { throw .readOnlyFileSystem }
        guard newName.hasPrefix(".") || EntityNames.legal(newName) == newName else { throw .invalidArgument }
        if case .found(let target) = tree.knownChild(named: newName, of: newDirectory), target.inode != child.inode {
            guard replacing else { throw .fileExists }
            guard !target.isDirectory else { throw .isDirectory }
            guard let replaced = staged[target.inode] else { throw .notPermitted }
            discard(replaced)
        }
        guard entry.upload == nil else {
            return finishing("renaming '\(name)'") { [self] in
                // What is on its way under the old name is stopped, so that the service gets the file once.
                entry.upload?.cancel()
                _ = await entry.upload?.value
                try move(entry, to: place)
                try await commit(entry)
            }
        }
        try move(entry, to: place)
        // A temporary file that gets its real name is complete: rsync, editors and `os.replace` work that way.
        guard entry.isUnsent, !entry.isBeingWritten else { return .ready(()) }
        return finishing("uploading '\(place.path)'") { [self] in
            try await commit(entry)
        }
    }

    private func move(_ entry: StagedEntry, to place: FilePlace) throws(Errno) {
        let old = entry.place
        guard entry.move(to: place) else { throw .notPermitted }
        tree.moveStagedFile(entry.inode, from: old, to: place)
    }

    /// Takes a staged file away, unsent.
    private func discard(_ entry: StagedEntry) {
        entry.remove()?.cancel()
        tree.removeStagedFile(entry.inode, at: entry.place)
        staged[entry.inode] = nil
        entry.file.remove()
    }

    /// A child that may be renamed or removed, as far as its place goes.
    private func changeable(_ name: String, in parent: InodeNumber) throws(Errno) -> (child: Node, directory: Node) {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        let directory = try node(parent)
        guard let container = directory.filePlace?.container else { throw .notPermitted }
        guard case .found(let child) = tree.knownChild(named: name, of: directory) else { throw .noSuchFileOrDirectory }
        if staged[child.inode] == nil, !tree.acceptsWork(container) { throw .readOnlyFileSystem }
        guard !child.isDirectory else { throw .notPermitted }
        return (child, directory)
    }
}
