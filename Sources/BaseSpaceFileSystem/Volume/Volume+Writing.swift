internal import BaseSpaceAPI
internal import Logging
public import Namespace
public import SystemPackage
internal import Uploads

/// Writing: a new file is staged here, and goes to the service when it is committed.
///
/// A commit is a `flush` by the process that opened the file, after bytes were written through that handle, or else the
/// release of the handle. Shells flush before the first byte (`cat x > f` duplicates the descriptor) and in the middle
/// (`{ cat a; cat b; } > f`), children flush what their parent opened: none of these may send half a file. An error of
/// the flush reaches the program as the result of `close`; one after the release can only be logged.
extension Volume {
    public func create(
        _ name: String,
        in parent: InodeNumber,
        permissions: UInt16,
        mode: OpenMode,
        caller: Caller
    ) throws(Errno) -> Answer<CreatedFile> {
        let directory = try node(parent)
        guard let place = try placeForNewFile(name, in: directory) else { throw .notPermitted }
        if case .found(let existing) = tree.knownChild(named: name, of: directory) {
            guard !mode.exclusive else { throw .fileExists }
            return try open(existing, entry: entry(for: existing, in: directory), mode: mode, caller: caller)
        }
        let file = try staging.makeFile(named: name)
        let node = tree.addStagedFile(at: place, serial: file.path.lastComponent?.string ?? name)
        let entry = StagedEntry(inode: node.inode, file: file, place: place, permissions: permissions)
        staged[node.inode] = entry
        _ = entry.open(writing: mode.writes)
        let handle = StagedHandle(entry: entry, mode: mode, opener: ThreadGroup.of(thread: caller.pid))
        let kernelEntry = self.entry(for: node, in: directory)
        return .ready(CreatedFile(entry: kernelEntry, file: opened(handle)))
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
            return .ready(try staged.entry.file.write(bytes, at: offset))
        case .control(let node):
            return try command(Array(bytes), to: node)
        case .remote, .text, .directory, nil:
            throw .badFileDescriptor
        }
    }

    public func flush(_ handle: FileHandle, of inode: InodeNumber, caller: Caller) throws(Errno) -> Answer<Void> {
        guard case .staged(let staged) = handles[handle], staged.mode.writes else { return .ready(()) }
        let flusher = ThreadGroup.of(thread: caller.pid)
        guard flusher == staged.opener || flusher == 0, staged.takeUnflushed() else { return .ready(()) }
        guard staged.entry.isUnsent else { return .ready(()) }
        return finishing("uploading '\(staged.entry.place.path)'") { [self] in
            try await commit(staged.entry)
        }
    }

    public func release(_ handle: FileHandle, of inode: InodeNumber) {
        guard case .staged(let staged) = handles.remove(handle) else { return }
        let entry = staged.entry
        entry.close(writing: staged.mode.writes)
        settle(entry)
        guard staged.mode.writes, !entry.isBeingWritten, entry.isUnsent, entry.failure == nil else { return }
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
                group.addTask { [self] in
                    do {
                        try await commit(entry)
                    } catch {
                        return FailureReport(error, doing: "uploading '\(entry.place.path)'").message
                    }
                    settle(entry)
                    guard entry.isUnsent || entry.place.isHidden else { return nil }
                    return "'\(entry.place.path)' was not uploaded; it is kept in '\(entry.file.path)'"
                }
            }
            return await group.reduce(into: []) { lines, line in line.map { lines.append($0) } }
        }
    }

    /// Files that are not wholly uploaded, those on their way and those that failed, and their bytes.
    public var unsent: (files: Int, bytes: Int64) {
        let entries = staged.all.filter(\.isUnsent)
        return (entries.count, entries.reduce(0) { $0 + $1.file.size })
    }

    /// Opens a staged file; `nil` if it has become a file of the service meanwhile.
    func open(_ entry: StagedEntry, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<OpenFile>? {
        guard entry.open(writing: mode.writes) else { return nil }
        let handle = StagedHandle(entry: entry, mode: mode, opener: ThreadGroup.of(thread: caller.pid))
        guard mode.truncates, entry.file.size > 0 else { return .ready(opened(handle)) }
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
        while case .wait(let upload) = entry.commitStep(start: { startUpload(of: entry, to: $0, contentType: $1) }) {
            _ = try await upload.value.get()
        }
    }

    /// Lets the service's file take the staged one's place, if it is all there and nobody has it open.
    func settle(_ entry: StagedEntry) {
        guard let (file, place) = entry.settle() else { return }
        tree.replaceStagedFile(entry.inode, at: place, by: file, modified: entry.file.modified)
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

    /// Where a file of a name would go; `nil` where no file can be made.
    private func placeForNewFile(_ name: String, in directory: Node) throws(Errno) -> FilePlace? {
        guard !configuration.isReadOnly else { throw .readOnlyFileSystem }
        guard let place = directory.filePlace else { return nil }
        guard tree.acceptsWork(place.container) else { throw .readOnlyFileSystem }
        // A name that the listing would have to change could not be found again.
        guard name.hasPrefix(".") || EntityNames.legal(name) == name else { throw .invalidArgument }
        return place.appending(name)
    }

    /// Opens what turned out to exist when it was to be created.
    private func open(
        _ existing: Node,
        entry: Entry,
        mode: OpenMode,
        caller: Caller
    ) throws(Errno) -> Answer<CreatedFile> {
        do throws(Errno) {
            guard case .ready(let file) = try open(existing.inode, mode: mode, caller: caller) else {
                throw .fileExists
            }
            return .ready(CreatedFile(entry: entry, file: file))
        } catch {
            forget(entry.attributes.attributes.inode, count: 1)
            throw error
        }
    }

    private func opened(_ handle: StagedHandle) -> OpenFile {
        // Writers are direct, so that each write arrives as it was made; readers go through the page cache, since a
        // direct handle can't be mapped.
        opened(.staged(handle), isDirect: handle.mode.writes, skipsFlush: !handle.mode.writes)
    }
}
