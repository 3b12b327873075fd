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
        try noting("making '\(name)'", in: parent) { () throws(Errno) in try makeDirectory(name, in: parent) }
    }

    private func makeDirectory(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Entry> {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        let directory = try node(parent)
        return try knowing([(name, directory)], "making '\(name)'") { [self] () throws(Errno) in
            if case .found = tree.knownChild(named: name, of: directory) { throw .fileExists }
            return try makeDirectory(name, in: directory)
        }
    }

    private func makeDirectory(_ name: String, in directory: Node) throws(Errno) -> Answer<Entry> {
        switch directory.content {
        case .collection(.projects, _), .collection(.appResults, _):
            try Self.checkLength(name)
            // A name that would be shown as another one could not be found again.
            guard EntityNames.legal(name) == name else { throw .invalidArgument }
            return makeEntity(name, in: directory)
        case .entity(.appSession):
            // As the others in there are called, without the id that it has yet to get; from the next lookup on, this
            // name is a link to its place in the project.
            let prefix = "AppResults."
            let own = String(name.dropFirst(prefix.count))
            guard name.hasPrefix(prefix), !own.isEmpty else {
                let words = "'\(name)' can't be made here: what a session takes is called AppResults.<name>"
                throw refused(.notPermitted, words, in: directory.inode)
            }
            try Self.checkLength(name)
            guard EntityNames.legal(own) == own else { throw .invalidArgument }
            return makeEntity(own, in: directory, lifetime: 1)
        case .directory:
            return .ready(try newEntry(for: try addDirectory(named: name, in: directory), in: directory))
        case .properties(let place):
            return .ready(try newEntry(for: try makeProperty(at: place.appending(name), in: directory), in: directory))
        case .entity(.appResult):
            // It stands in `Files/`; from the next lookup on, this name is a link to it.
            return .ready(try newEntry(for: try addDirectory(named: name, in: directory), in: directory, lifetime: 1))
        case .entity(let entity) where entity.container != nil:
            throw .readOnlyFileSystem
        default:
            throw .notPermitted
        }
    }

    private func makeEntity(_ name: String, in directory: Node, lifetime: Double? = nil) -> Answer<Entry> {
        pending("making '\(name)'", in: directory.inode) { [self] in
            let result = try await Self.finished { [self] in try await createEntity(name, in: directory) }
            forgetDocuments()
            guard case .created(let node) = result else { throw Errno.fileExists }
            return try newEntry(for: node, in: directory, lifetime: lifetime)
        }
    }

    private func createEntity(_ name: String, in directory: Node) async throws -> CreatedEntity {
        do throws(BaseSpaceError) {
            return try await tree.createEntity(named: name, in: directory)
        } catch {
            guard error.status == 409, let session = try? await tree.finalSession(forWhatIsMadeIn: directory) else {
                throw error
            }
            let words = "'\(name)' can't be made: AppSession '\(session.name)' is \(session.status)"
            throw refusal(.readOnlyFileSystem, words, in: directory.inode)
        }
    }

    private func addDirectory(named name: String, in directory: Node) throws(Errno) -> Node {
        let place = try placeForNewName(name, in: directory)
        journal.addDirectory(container: place.container, path: place.path)
        return tree.addLocalDirectory(at: place)
    }

    public func removeDirectory(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        try noting("removing '\(name)'", in: parent) { () throws(Errno) in try removeDirectory(named: name, in: parent)
        }
    }

    private func removeDirectory(named name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        let directory = try node(parent)
        if case .properties(let place) = directory.content {
            return try removeProperty(place.appending(name), named: name, in: directory, isDirectory: true)
        }
        if case .collection = directory.content {
            return try knowing([(name, directory)], "removing '\(name)'") { [self] () throws(Errno) in
                guard case .found(let child) = tree.knownChild(named: name, of: directory) else {
                    throw .noSuchFileOrDirectory
                }
                return try moveToTrash(child)
            }
        }
        guard let place = directory.filePlace else { throw .notPermitted }
        guard tree.acceptsWork(place.container) else { throw .readOnlyFileSystem }
        let child = FilePlace(container: place.container, path: place.appending(name).path)
        return try knowing([(name, directory)], "removing '\(name)'") { [self] () throws(Errno) in
            switch tree.knownChild(named: name, of: directory) {
            case .found(let node) where node.isDirectory: return try removeDirectory(node, at: child)
            // Seen from the AppResult it is a link; the kernel asks for its removal only while it knows it as directory.
            case .found(let node): return try removeLinkedDirectory(node, at: child)
            case .missing, .unknown: throw .noSuchFileOrDirectory
            }
        }
    }

    private func removeLinkedDirectory(_ link: Node, at place: FilePlace) throws(Errno) -> Answer<Void> {
        guard case .link = link.content else { throw .notDirectory }
        return try removeDirectory(tree.localDirectory(at: place), at: place)
    }

    private func removeDirectory(_ directory: Node, at place: FilePlace) throws(Errno) -> Answer<Void> {
        guard let children = tree.knownChildren(of: directory) else {
            return pending("removing '\(place.name)'", in: directory.parent) { [self] in
                try remove(place, children: try await tree.children(of: directory))
            }
        }
        return .ready(try remove(place, children: children))
    }

    private func remove(_ place: FilePlace, children: [Node]) throws(Errno) {
        guard children.isEmpty else { throw .directoryNotEmpty }
        // What the service lists can't be removed.
        guard tree.removeLocalDirectory(at: place) else { throw .notPermitted }
        journal.removeDirectory(container: place.container, path: place.path)
    }

    public func removeFile(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        try noting("removing '\(name)'", in: parent) { () throws(Errno) in try removeFile(named: name, in: parent) }
    }

    private func removeFile(named name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void> {
        if case .properties(let place) = try node(parent).content {
            return try removeProperty(place.appending(name), named: name, in: try node(parent), isDirectory: false)
        }
        let directory = try changeable(parent)
        return try knowing([(name, directory)], "removing '\(name)'") { [self] () throws(Errno) in
            let entry = try changeableFile(name, in: directory)
            guard !entry.isRooted else { throw .notPermitted }
            guard let upload = entry.upload else { return .ready(try discard(entry)) }
            // Only when it has ended is it known whether the service has the file, which would be there for good.
            return finishing("removing '\(name)'", in: parent) { [self] in
                if uploads.sendsInParts(entry.file) {
                    upload.cancel()
                }
                _ = await upload.value
                try discard(entry)
                tree.refreshFiles(of: entry.place.container)
            }
        }
    }

    public func rename(
        _ name: String,
        in parent: InodeNumber,
        to newName: String,
        in newParent: InodeNumber,
        replacing: Bool
    ) throws(Errno) -> Answer<Void> {
        try noting("renaming '\(name)' to '\(newName)'", in: parent) { () throws(Errno) in
            try move(name, in: parent, to: newName, in: newParent, replacing: replacing)
        }
    }

    private func move(
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
            let replaced = try replaceable(newName, in: newDirectory, by: entry, replacing: replacing)
            guard let upload = entry.upload ?? replaced?.upload else {
                return try move(entry, to: place, over: replaced)
            }
            // What arrives under its old name keeps it, and what arrived can't be replaced.
            return pending("renaming '\(name)'", in: parent) { [self] in
                // One that is still written goes under its new name, from the start.
                for entry in [entry, replaced].compactMap(\.self) where !entry.file.isSealed {
                    entry.upload?.cancel()
                }
                guard await upload.valueUnlessCancelled() != nil else { throw Errno.interrupted }
                switch try rename(name, in: parent, to: newName, in: newParent, replacing: replacing) {
                case .ready: return
                case .pending(let rest): try await rest()
                }
            }
        }
    }

    private func move(_ entry: StagedEntry, to place: FilePlace, over replaced: StagedEntry?) throws(Errno) -> Answer<
        Void
    > {
        let old = entry.place
        let progress = entry.record.progress
        try entry.move(to: place)
        if progress.isOpenAtService {
            // What was sent under the old name can't be used under the new one.
            Task { [uploads] in await uploads.abandon(progress) }
        }
        tree.moveStagedFile(entry.inode, from: old, to: place)
        if let replaced {
            // It is covered already; should it have arrived this very moment, it only stays at the service.
            try? discard(replaced)
        }
        // A temporary file that gets its real name is complete: rsync, editors and `os.replace` work that way.
        guard !entry.isBeingWritten, entry.damage == nil else { return .ready(()) }
        return commitAsAgreed(entry, doing: "uploading '\(place.path)'")
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
        guard let replaced = staged[target.inode], !replaced.isRooted else {
            // What the service has stays there, under what is uploaded to its path after it.
            guard case .file = target.content, configuration.allowsOverwrite else { throw .notPermitted }
            return nil
        }
        return replaced
    }

    /// Takes a staged file away, unsent.
    ///
    /// - Throws: EPERM if the service has it already.
    private func discard(_ entry: StagedEntry) throws(Errno) {
        guard !entry.isRooted, entry.remove() else { throw .notPermitted }
        tree.removeStagedFile(entry.inode, at: entry.place)
        if entry.isOver {
            staged[entry.inode] = nil
        }
        drop(entry)
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
