internal import BaseSpaceAPI
internal import Logging
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
        return try knowing([(name, directory)], "making '\(name)'") { [self] () throws(Errno) in
            if case .found = tree.knownChild(named: name, of: directory) { throw .fileExists }
            return try makeDirectory(name, in: directory)
        }
    }

    private func makeDirectory(_ name: String, in directory: Node) throws(Errno) -> Answer<Entry> {
        switch directory.content {
        case .projects, .appResults:
            // A name that would be shown as another one could not be found again.
            guard EntityNames.legal(name) == name else { throw .invalidArgument }
            return pending("making '\(name)'") { [self] in
                let result = try await Self.finished { [tree] in
                    try await tree.createEntity(named: name, in: directory)
                }
                guard case .created(let node) = result else { throw Errno.fileExists }
                return try newEntry(for: node, in: directory)
            }
        case .directory:
            let node = tree.addLocalDirectory(at: try placeForNewName(name, in: directory))
            return .ready(try newEntry(for: node, in: directory))
        case .appResult:
            // It stands in `Files/`; from the next lookup on, this name is a link to it.
            let node = tree.addLocalDirectory(at: try placeForNewName(name, in: directory))
            return .ready(try newEntry(for: node, in: directory, lifetime: 1))
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
        return try knowing([(name, directory)], "removing '\(name)'") { [tree] () throws(Errno) in
            guard case .found(let child) = tree.knownChild(named: name, of: directory) else {
                throw .noSuchFileOrDirectory
            }
            guard child.isDirectory else { throw .notDirectory }
            guard let children = tree.knownChildren(of: child), children.isEmpty else { throw .directoryNotEmpty }
            guard tree.removeLocalDirectory(at: place.appending(name)) else { throw .notPermitted }
            return .ready(())
        }
    }

    public func removeFile(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        let directory = try changeable(parent)
        return try knowing([(name, directory)], "removing '\(name)'") { [self] () throws(Errno) in
            let entry = try changeableFile(name, in: directory)
            guard discard(entry) else { throw .notPermitted }
            return .ready(())
        }
    }

    public func rename(
        _ name: String,
        in parent: InodeNumber,
        to newName: String,
        in newParent: InodeNumber,
        replacing: Bool
    ) throws(Errno) -> Answer<Void> {
        let directory = try changeable(parent)
        let newDirectory = try changeable(newParent)
        return try knowing(
            [(name, directory), (newName, newDirectory)],
            "renaming '\(name)'"
        ) { [self] () throws(Errno) in
            let entry = try changeableFile(name, in: directory)
            let place = try placeForNewName(newName, in: newDirectory)
            guard let upload = entry.upload else {
                return try move(entry, to: place, in: newDirectory, replacing: replacing)
            }
            // If it arrives under its old name, that is the name it keeps.
            return pending("renaming '\(name)'") { [self] in
                guard await upload.valueUnlessCancelled() != nil else { throw Errno.interrupted }
                switch try move(entry, to: place, in: newDirectory, replacing: replacing) {
                case .ready: return
                case .pending(let rest): try await rest()
                }
            }
        }
    }

    private func move(
        _ entry: StagedEntry,
        to place: FilePlace,
        in directory: Node,
        replacing: Bool
    ) throws(Errno) -> Answer<Void> {
        let replaced = try replaceable(place.name, in: directory, by: entry, replacing: replacing)
        let old = entry.place
        guard entry.move(to: place) else { throw .notPermitted }
        tree.moveStagedFile(entry.inode, from: old, to: place)
        if let replaced {
            _ = discard(replaced)
        }
        // A temporary file that gets its real name is complete: rsync, editors and `os.replace` work that way.
        guard entry.isUnsent, !entry.isBeingWritten else { return .ready(()) }
        return finishing("uploading '\(place.path)'") { [self] in
            try await commit(entry)
        }
    }

    /// The staged file that a rename is going to replace, if any; nothing else can be replaced.
    private func replaceable(
        _ name: String,
        in directory: Node,
        by entry: StagedEntry,
        replacing: Bool
    ) throws(Errno) -> StagedEntry? {
        guard case .found(let target) = tree.knownChild(named: name, of: directory), target.inode != entry.inode else {
            return nil
        }
        guard replacing else { throw .fileExists }
        guard !target.isDirectory else { throw .isDirectory }
        guard let replaced = staged[target.inode], !replaced.hasArrived else { throw .notPermitted }
        return replaced
    }

    /// Takes a staged file away, unsent; `false` if the service has it already.
    private func discard(_ entry: StagedEntry) -> Bool {
        guard case .removed(let upload) = entry.remove() else { return false }
        let place = entry.place
        tree.removeStagedFile(entry.inode, at: place)
        if entry.isOver {
            staged[entry.inode] = nil
        }
        entry.file.remove()
        if let upload {
            upload.cancel()
            Task { [tree, logger] in
                guard case .success = await upload.value else { return }
                logger.warning(
                    "'\(place.path)' was removed while it was uploaded, and has arrived; it can't be removed"
                )
                tree.refreshFiles(of: place.container)
            }
        }
        return true
    }

    /// A directory in which files may be renamed and removed, as far as its place goes.
    private func changeable(_ inode: InodeNumber) throws(Errno) -> Node {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        let directory = try node(inode)
        guard directory.filePlace != nil else { throw .notPermitted }
        return directory
    }

    /// A staged file by its name; everything else is the service's and stays as it is.
    private func changeableFile(_ name: String, in directory: Node) throws(Errno) -> StagedEntry {
        guard case .found(let child) = tree.knownChild(named: name, of: directory) else { throw .noSuchFileOrDirectory }
        if let entry = staged[child.inode] { return entry }
        guard let container = directory.filePlace?.container, !child.isDirectory else { throw .notPermitted }
        throw writeRefusal(for: container)
    }
}
