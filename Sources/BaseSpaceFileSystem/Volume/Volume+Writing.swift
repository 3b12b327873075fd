internal import BaseSpaceAPI
internal import Logging
public import Namespace
public import SystemPackage
internal import Threading
internal import Uploads

/// Writing: a new file is staged here, and goes to the service when it is committed.
///
/// A commit is a `flush` by the process that opened the file, when it closes its last descriptor to write to it after bytes were
/// written to it, or else the release of the last handle. Shells flush before the first byte (`cat x > f`
/// duplicates the descriptor) and in the middle (`exec 3> f; echo a >&3; echo b >&3`), children flush what their parent
/// opened (`{ cat a; cat b; } > f`): none of these may send half a file. Nor may the close of a descriptor whose file the
/// process has mapped and goes on to write to (`MAP_SHARED`): that file is committed by the release, which comes when the
/// last map is gone. An error of the flush reaches the program as the result of `close`; one after the release can only
/// be logged.
extension Volume {
    public func create(
        _ name: String,
        in parent: InodeNumber,
        permissions: UInt16,
        mode: OpenMode,
        caller: Caller
    ) throws(Errno) -> Answer<CreatedFile> {
        try noting("making '\(name)'", in: parent) { () throws(Errno) in
            try create(name, in: node(parent), permissions: permissions, mode: mode, caller: caller)
        }
    }

    private func create(
        _ name: String,
        in directory: Node,
        permissions: UInt16,
        mode: OpenMode,
        caller: Caller
    ) throws(Errno) -> Answer<CreatedFile> {
        if case .properties(let properties) = directory.content {
            let place = properties.appending(name)
            return try createProperty(name, in: directory, place: place, mode: mode, caller: caller)
        }
        let place = try placeForNewName(name, in: directory)
        return try knowing([(name, directory)], "creating '\(name)'") { [self] () throws(Errno) in
            if case .found(let existing) = tree.knownChild(named: name, of: directory) {
                guard !mode.exclusive else { throw .fileExists }
                return try open(existing, in: directory, mode: mode, caller: caller)
            }
            let (file, record) = try stage(at: place, permissions: permissions)
            let inode = Tree.inode(ofStagedFile: file.serial)
            let entry = StagedEntry(
                inode: inode,
                file: file,
                record: record,
                StagedEntry.Origin(place: place, permissions: permissions)
            )
            staged[inode] = entry
            let handle = try handle(for: entry, mode: mode, caller: caller)
            let node = tree.addStagedFile(inode, at: place)
            return .ready(CreatedFile(entry: try newEntry(for: node, in: directory), file: opened(handle)))
        }
    }

    public func write(
        _ handle: FileHandle,
        of inode: InodeNumber,
        bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(Errno) -> Answer<Int> {
        guard let offset = Int64(exactly: offset) else { throw .fileTooLarge }
        switch handles[handle] {
        case .staged(let staged):
            guard staged.mode.writes else { throw .badFileDescriptor }
            return .ready(try write(bytes, at: offset, through: staged))
        case .command(let node):
            return try command(Array(bytes), to: node)
        case .property(let property):
            return write(Array(bytes), at: offset, to: property)
        case .remote, .text, .directory, nil:
            throw .badFileDescriptor
        }
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int64,
        through handle: StagedHandle
    ) throws(Errno) -> Int {
        let entry = handle.entry
        try entry.beginChange(overwriting: configuration.allowsOverwrite)
        entry.noteWrite()
        spoilIfMapperWasKilled(handle)
        do throws(Errno) {
            let count = try entry.file.write(bytes, at: offset)
            // Its opener may have sealed it between the look above and the write.
            try entry.beginChange(overwriting: true)
            entry.noteWrite()
            let partSize = uploads.partSize
            // Each part that is whole may be news to an upload; one look at each is enough.
            if offset / partSize != (offset + Int64(count)) / partSize {
                stream(entry)
            }
            return count
        } catch {
            entry.spoil(by: error)
            throw error
        }
    }

    public func flush(_ handle: FileHandle, of inode: InodeNumber, caller: Caller) throws(Errno) -> Answer<Void> {
        if case .property(let property) = handles[handle] { return flush(property, of: inode, caller: caller) }
        guard case .staged(let staged) = handles[handle], staged.mode.writes else { return .ready(()) }
        let entry = staged.entry
        staged.noteFlush()
        if let damage = entry.damage { throw damage }
        let flusher = ThreadGroup.of(thread: caller.pid)
        if flusher == staged.opener, ThreadGroup.isKilled(thread: caller.pid), !entry.file.isSealed {
            spoilKilled(entry)
            return .ready(())
        }
        // While others write it too, it is not whole; the last of them commits it.
        guard flusher == staged.opener || flusher == 0, entry.hasUnflushed, entry.isWritten(onlyBy: staged.opener),
            !ThreadGroup.process(flusher, canWriteTo: inode)
        else { return .ready(()) }
        guard entry.mayBeMapped else { return commitAfterClose(of: staged) }
        return finishing("closing '\(entry.place.path)'", in: tree.node(inode)?.parent) { [self] in
            guard await !leavesMapped(staged, flusher) else { return }
            if case .pending(let upload) = commitAfterClose(of: staged) {
                try await upload()
            }
        }
    }

    /// The opener is done with a file.
    private func commitAfterClose(of handle: StagedHandle) -> Answer<Void> {
        guard handle.entry.takeUnflushed() else { return .ready(()) }
        handle.entry.seal()
        return commitAsAgreed(handle.entry, doing: "uploading '\(handle.entry.place.path)'")
    }

    public func release(_ handle: FileHandle, of inode: InodeNumber) {
        let removed = handles.remove(handle)
        if case .property(let property) = removed { return release(property) }
        guard case .staged(let handle) = removed else { return }
        let entry = handle.entry
        spoilIfMapperWasKilled(handle)
        entry.close(by: handle.writer)
        if handle.mode.writes, !handle.wasFlushed, entry.file.version == 0, !entry.isOpen {
            // No program has it: it is as if it had never been opened.
            return revert(entry)
        }
        settle(entry)
        if entry.isOver {
            staged[entry.inode] = nil
        }
        guard !entry.isBeingWritten, entry.damage == nil else { return }
        // Who made it may be able to read only (`flock FILE`), and ends it all the same.
        guard handle.mode.writes || !entry.isOpen, entry.sealIfWritten() || handle.mode.writes else { return }
        // What failed in `flush` was reported there, and is tried again when it is written again or at the end.
        guard configuration.uploadPolicy != .complete, entry.isUnsent, !entry.hasFailed else { return }
        if entry.file.size == 0 {
            commitEmptyInBackground(entry)
        } else {
            commitInBackground(entry)
        }
    }

    public func synchronize(_ handle: FileHandle, of inode: InodeNumber, dataOnly: Bool) throws(Errno) -> Answer<Void> {
        guard case .staged(let staged) = handles[handle] else { return .ready(()) }
        // What is uploaded can't be changed any more, so `fsync` makes the file durable here and sends nothing.
        return pending("writing '\(staged.entry.place.path)' to disk", in: tree.node(inode)?.parent) { [self] in
            try await disk.run { () throws(Errno) in
                try staged.entry.file.synchronize(dataOnly: dataOnly)
                try staged.entry.record.makeDurable()
            }
        }
    }

    public func synchronizeDirectory(
        _ handle: FileHandle,
        of inode: InodeNumber,
        dataOnly: Bool
    ) throws(Errno) -> Answer<Void> {
        guard configuration.uploadPolicy == .background, let place = try node(inode).filePlace else {
            return .ready(())
        }
        let entries = staged.all.filter { $0.place.isBelow(place) && $0.file.isSealed && $0.isUnsent }
        guard !entries.isEmpty else { return .ready(()) }
        return finishing("uploading what is in '\(place.path)'", in: inode) { [self] in
            guard await commitAll(entries).isEmpty else { throw Errno.ioError }
        }
    }

    /// Makes an empty staged file and its line in the journal.
    func stage(
        at place: FilePlace,
        permissions: UInt16,
        as state: JournalState = .writing
    ) throws(Errno) -> (StagedFile, JournalFile) {
        try journal.stage(in: staging, for: place.container, path: place.path, permissions: permissions, as: state)
    }

    /// Opens a staged file; `nil` if it has left the staging area meanwhile.
    func open(_ entry: StagedEntry, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<OpenFile>? {
        let handle = StagedHandle(entry: entry, mode: mode, opener: ThreadGroup.of(thread: caller.pid))
        switch entry.open(by: handle.writer, overwriting: configuration.allowsOverwrite) {
        case .gone: return nil
        case .arrived: throw writeRefusal(for: entry.place.container)
        case .opened: break
        }
        guard mode.truncates else { return .ready(opened(handle)) }
        do throws(Errno) {
            entry.forgive()
            if entry.file.size > 0 {
                try entry.beginChange(overwriting: configuration.allowsOverwrite)
                try entry.file.truncate(to: 0)
                entry.noteWrite()
            }
        } catch {
            entry.close(by: handle.writer)
            throw error
        }
        return .ready(opened(handle))
    }

    /// The first handle of an entry that was just made.
    func handle(for entry: StagedEntry, mode: OpenMode, caller: Caller) throws(Errno) -> StagedHandle {
        let handle = StagedHandle(entry: entry, mode: mode, opener: ThreadGroup.of(thread: caller.pid))
        guard case .opened = entry.open(by: handle.writer, overwriting: true) else { throw .ioError }
        return handle
    }

    /// Where a new file or directory of a name would go.
    ///
    /// - Throws: EPERM where none can be made, EROFS where none can be made any more, EINVAL for a name that the
    ///   listing would have to change, so that it could not be found again.
    func placeForNewName(_ name: String, in directory: Node) throws(Errno) -> FilePlace {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        guard let place = directory.filePlace else { throw .notPermitted }
        guard tree.acceptsWork(place.container) else { throw .readOnlyFileSystem }
        try Self.checkLength(name)
        guard name.hasPrefix(".") || EntityNames.legal(name) == name else { throw .invalidArgument }
        return place.appending(name)
    }

    static func checkLength(_ name: String) throws(Errno) {
        guard name.utf8.count <= EntityNames.maximumLength else { throw .fileNameTooLong }
    }

    /// Opens what turned out to exist when it was to be created.
    private func open(
        _ existing: Node,
        in directory: Node,
        mode: OpenMode,
        caller: Caller
    ) throws(Errno) -> Answer<CreatedFile> {
        let entry = try newEntry(for: existing, in: directory)
        let inode = entry.attributes.attributes.inode
        do throws(Errno) {
            switch try open(inode, mode: mode, caller: caller) {
            case .ready(let file):
                return .ready(CreatedFile(entry: entry, file: file))
            case .pending(let rest):
                return .pending { [self] () throws(Errno) in
                    do throws(Errno) {
                        return CreatedFile(entry: entry, file: try await rest())
                    } catch {
                        forget(inode, count: 1)
                        throw error
                    }
                }
            }
        } catch {
            forget(inode, count: 1)
            throw error
        }
    }

    func opened(_ handle: StagedHandle) -> OpenFile {
        // Writers are direct, so that each write arrives as it was made; readers go through the page cache, since a
        // direct handle can't be mapped.
        opened(.staged(handle), isDirect: handle.mode.writes, skipsFlush: !handle.mode.writes)
    }
}
