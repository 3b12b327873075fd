internal import BaseSpaceAPI
internal import Logging
public import Namespace
public import SystemPackage
internal import Uploads

/// Writing: a new file is staged here, and goes to the service when it is committed.
///
/// A commit is a `flush` by the process that opened the file, when it closes its last descriptor to write to it after bytes were
/// written through that handle, or else the release of the handle. Shells flush before the first byte (`cat x > f`
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
        let directory = try node(parent)
        let place = try placeForNewName(name, in: directory)
        return try knowing([(name, directory)], "creating '\(name)'") { [self] () throws(Errno) in
            if case .found(let existing) = tree.knownChild(named: name, of: directory) {
                guard !mode.exclusive else { throw .fileExists }
                return try open(existing, in: directory, mode: mode, caller: caller)
            }
            let file = try staging.makeFile(named: name)
            let inode = Tree.inode(ofStagedFile: file.path.lastComponent?.string ?? name)
            let entry = StagedEntry(inode: inode, file: file, place: place, permissions: permissions)
            staged[inode] = entry
            guard case .opened = entry.open(writing: mode.writes) else { throw .ioError }
            let handle = StagedHandle(entry: entry, mode: mode, opener: ThreadGroup.of(thread: caller.pid))
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
            staged.noteWrite()
            spoilIfMapperWasKilled(staged)
            do throws(Errno) {
                return .ready(try staged.entry.file.write(bytes, at: offset))
            } catch {
                staged.entry.spoil(by: error)
                throw error
            }
        case .control(let node):
            return try command(Array(bytes), to: node)
        case .remote, .text, .directory, nil:
            throw .badFileDescriptor
        }
    }

    public func flush(_ handle: FileHandle, of inode: InodeNumber, caller: Caller) throws(Errno) -> Answer<Void> {
        guard case .staged(let staged) = handles[handle], staged.mode.writes else { return .ready(()) }
        if let damage = staged.entry.damage { throw damage }
        let flusher = ThreadGroup.of(thread: caller.pid)
        if flusher == staged.opener, ThreadGroup.isKilled(thread: caller.pid), staged.hasUnflushed {
            spoilKilled(staged.entry)
            return .ready(())
        }
        guard flusher == staged.opener || flusher == 0, staged.entry.isUnsent, staged.hasUnflushed,
            !ThreadGroup.process(flusher, canWriteTo: inode)
        else { return .ready(()) }
        return finishing("uploading '\(staged.entry.place.path)'") { [self] in
            guard await !leavesMapped(staged, flusher), staged.takeUnflushed() else { return }
            try await commit(staged.entry)
        }
    }

    public func release(_ handle: FileHandle, of inode: InodeNumber) {
        guard case .staged(let handle) = handles.remove(handle) else { return }
        let entry = handle.entry
        spoilIfMapperWasKilled(handle)
        entry.close(writing: handle.mode.writes)
        settle(entry)
        if entry.isOver {
            staged[entry.inode] = nil
        }
        // What failed in `flush` was reported there, and is tried again when it is written again or at the end.
        guard handle.mode.writes, !entry.isBeingWritten, entry.isUnsent, !entry.hasFailed, entry.damage == nil else {
            return
        }
        Task { [self] in
            do {
                try await commit(entry)
            } catch {
                _ = FailureReport(error, doing: "uploading '\(entry.place.path)'").logged(to: logger)
            }
        }
    }

    public func synchronize(_ handle: FileHandle, of inode: InodeNumber, dataOnly: Bool) throws(Errno) -> Answer<Void> {
        guard case .staged(let staged) = handles[handle] else { return .ready(()) }
        // What is uploaded can't be changed any more, so `fsync` makes the file durable here and sends nothing.
        return pending("writing '\(staged.entry.place.path)' to disk") { [self] in
            try await disk.run { () throws(Errno) in try staged.entry.file.synchronize(dataOnly: dataOnly) }
        }
    }

    public func synchronizeDirectory(
        _ handle: FileHandle,
        of inode: InodeNumber,
        dataOnly: Bool
    ) throws(Errno) -> Answer<Void> {
        .ready(())
    }

    /// Uploads whatever is not uploaded: the last thing before a mount ends.
    ///
    /// - Returns: One line for each file that stays in the staging area, and where.
    public func finishUploads() async -> [String] {
        await withTaskGroup(of: String?.self) { group in
            for entry in staged.all {
                group.addTask { [self] in await finishUpload(of: entry) }
            }
            return await group.reduce(into: []) { lines, line in line.map { lines.append($0) } }
        }
    }

    private func finishUpload(of entry: StagedEntry) async -> String? {
        let kept = "it is kept in '\(entry.file.path)'"
        // Half a file at the service would look like a whole one. What is on its way was closed.
        guard !entry.isBeingWritten || entry.upload != nil else {
            return "'\(entry.place.path)' is still being written; \(kept)"
        }
        do {
            try await commit(entry)
        } catch {
            return FailureReport(error, doing: "uploading '\(entry.place.path)'").message
        }
        settle(entry)
        if entry.hasArrived, !entry.isUnsent {
            // Somebody has it open still, and keeps it; after the mount nobody would look for the copy.
            entry.file.remove()
        }
        guard entry.place.isHidden, !entry.isOver else { return nil }
        return "'\(entry.place.path)' has a temporary name and was not uploaded; \(kept)"
    }

    /// Files that are not wholly uploaded, those on their way and those that failed, and the bytes that they lack.
    public var unsent: (files: Int, bytes: Int64) {
        let entries = staged.all.filter(\.isUnsent)
        let sent = uploads.activity.reduce(0) { $0 + $1.bytesSent }
        return (entries.count, max(0, entries.reduce(0) { $0 + $1.file.size } - sent))
    }

    /// Opens a staged file; `nil` if it has left the staging area meanwhile.
    func open(_ entry: StagedEntry, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<OpenFile>? {
        switch entry.open(writing: mode.writes) {
        case .gone: return nil
        case .arrived: throw writeRefusal(for: entry.place.container)
        case .opened: break
        }
        let handle = StagedHandle(entry: entry, mode: mode, opener: ThreadGroup.of(thread: caller.pid))
        guard mode.truncates else { return .ready(opened(handle)) }
        entry.beginAnew()
        guard entry.file.size > 0 else { return .ready(opened(handle)) }
        do throws(Errno) {
            try entry.file.truncate(to: 0)
            handle.noteWrite()
        } catch {
            entry.close(writing: mode.writes)
            throw error
        }
        return .ready(opened(handle))
    }

    /// Brings a staged file to the service, or throws why it is not there.
    func commit(_ entry: StagedEntry) async throws {
        if let damage = entry.damage, entry.isUnsent {
            throw SpoiledFile(path: entry.place.path, errno: damage, copy: entry.file.path.string)
        }
        while case .wait(let upload) = entry.commitStep(start: { startUpload(of: entry, to: $0, contentType: $1) }) {
            do {
                _ = try await upload.value.get()
            } catch {
                // The upload of a file that was removed is stopped; nobody has to hear of it.
                guard error.code == .cancelled, !entry.isUnsent else { throw error }
            }
        }
    }

    /// Lets the service's file take the staged one's place, if it is all there and nobody has it open.
    func settle(_ entry: StagedEntry) {
        let hasSettled = entry.settle { file, place in
            tree.replaceStagedFile(entry.inode, at: place, by: file, modified: entry.file.modified)
        }
        guard hasSettled else { return }
        staged[entry.inode] = nil
        entry.file.remove()
    }

    private func startUpload(of entry: StagedEntry, to place: FilePlace, contentType: String?) -> StagedEntry.Upload {
        let destination = UploadDestination(
            container: place.container,
            directory: place.directory,
            name: place.name,
            contentType: contentType
        )
        return StagedEntry.Upload { [self] in
            let result: Result<RemoteFile, UploadError>
            do throws(UploadError) {
                result = .success(try await uploads.upload(entry.file, to: destination))
            } catch {
                result = .failure(error)
            }
            entry.uploadEnded(with: result)
            settle(entry)
            return result
        }
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
            guard case .ready(let file) = try open(inode, mode: mode, caller: caller) else { throw .fileExists }
            return .ready(CreatedFile(entry: entry, file: file))
        } catch {
            forget(inode, count: 1)
            throw error
        }
    }

    private func opened(_ handle: StagedHandle) -> OpenFile {
        // Writers are direct, so that each write arrives as it was made; readers go through the page cache, since a
        // direct handle can't be mapped.
        opened(.staged(handle), isDirect: handle.mode.writes, skipsFlush: !handle.mode.writes)
    }
}
