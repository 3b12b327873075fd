internal import BaseSpaceAPI
internal import Logging
internal import Namespace
internal import RemoteFiles
internal import Synchronization
internal import SystemPackage
internal import Threading
internal import Uploads

/// Writing a file that the service has: its next version is a staged file under the same inode number.
///
/// The service can't change a file, only take another one of the same path. So what is opened for writing is a staged file:
/// an empty one for `O_TRUNC`, a copy of the whole content otherwise. Unless something is changed it goes again unsent.
extension Volume {
    /// Opens a file of the service for writing.
    func overwrite(_ record: FileRecord, of node: Node, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<
        OpenFile
    > {
        guard configuration.allowsOverwrite, tree.acceptsWork(record.container) else {
            throw writeRefusal(for: record.container)
        }
        guard !mode.truncates, record.size > 0 else {
            let entry = record.size > 0 ? try stage(record, of: node, content: nil) : try stageEmpty(record, of: node)
            return try openStaged(entry, mode: mode, caller: caller)
        }
        return pending("copying '\(node.name)', to change it", in: node.parent) { [self] in
            switch try openStaged(try await copyUp(record, of: node), mode: mode, caller: caller) {
            case .ready(let file): return file
            case .pending(let rest): return try await rest()
            }
        }
    }

    /// Opens what was staged for it, by this opener or by another who was faster and may be done by now.
    private func openStaged(_ entry: StagedEntry, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<OpenFile> {
        if let answer = try open(entry, mode: mode, caller: caller) { return answer }
        return try open(entry.inode, mode: mode, caller: caller)
    }

    /// Changes the size of a file of the service by its path.
    func truncate(_ record: FileRecord, of node: Node, to size: UInt64) throws(Errno) -> Answer<TimedAttributes> {
        guard configuration.allowsOverwrite, tree.acceptsWork(record.container) else {
            throw writeRefusal(for: record.container)
        }
        return finishing("changing the size of '\(node.name)'", in: node.parent) { [self] in
            let entry = size == 0 ? try stage(record, of: node, content: nil) : try await copyUp(record, of: node)
            var changes = AttributeChanges()
            changes.size = size
            try change(entry, to: changes)
            try await finishChange(of: entry)
            return try timedAttributes(of: self.node(node.inode))
        }
    }

    /// Copies a file of the service into the staging area, once for all who want to change it.
    private func copyUp(_ record: FileRecord, of node: Node) async throws -> StagedEntry {
        if let entry = staged[node.inode] { return entry }
        let content = try reader.open(RemoteFileVersion(record, name: node.name), url: record.contentURL, in: nil)
        let copy = try stageCopy(of: record)
        do {
            try await copyBytes(of: content, to: copy.0)
            copy.0.modified = record.modified ?? copy.0.modified
            return try stage(record, of: node, content: copy)
        } catch {
            copy.0.remove()
            copy.1.remove()
            throw error
        }
    }

    /// Makes a staged file for a copy. Until its first change it holds nothing of the user's, and a crash may forget it.
    private func stageCopy(of record: FileRecord) throws(Errno) -> (StagedFile, JournalFile) {
        try stage(at: record.place, permissions: 0o644, as: .discarded)
    }

    /// Makes a copy of an empty file, which needs no request.
    private func stageEmpty(_ record: FileRecord, of node: Node) throws(Errno) -> StagedEntry {
        let copy = try stageCopy(of: record)
        copy.0.modified = record.modified ?? copy.0.modified
        do {
            return try stage(record, of: node, content: copy)
        } catch {
            copy.0.remove()
            copy.1.remove()
            throw error
        }
    }

    /// Lets a staged file take the place of the service's; without content, a new empty one. If somebody else was faster, it
    /// is his.
    ///
    /// - Throws: ESTALE if another content of the file is being replaced: this one is no longer there.
    private func stage(
        _ record: FileRecord,
        of node: Node,
        content: (StagedFile, JournalFile)?
    ) throws(Errno) -> StagedEntry {
        if let other = tree.stagedFile(at: record.place), other != node.inode { throw .staleNFSFileHandle }
        let (file, line): (StagedFile, JournalFile)
        if let content {
            (file, line) = content
        } else {
            (file, line) = try stage(at: record.place, permissions: 0o644)
        }
        var origin = StagedEntry.Origin(place: record.place, original: record)
        origin.isSealed = content != nil
        if content != nil {
            // It is what the service has.
            file.seal()
            file.markUnchanged()
        }
        let entry = StagedEntry(inode: node.inode, file: file, record: line, origin)
        let winner = staged.insert(entry)
        guard winner === entry else {
            file.remove()
            line.remove()
            return winner
        }
        cachedVersions.withLock { $0[node.inode] = nil }
        tree.coverFile(node.inode, at: record.place)
        kernel.withLock { $0 }?.invalidateInode(node.inode)
        return entry
    }

    private func copyBytes(of content: OpenContent, to file: StagedFile) async throws {
        var offset: Int64 = 0
        while offset < content.file.size {
            try Task.checkCancellation()
            let bytes = try await content.bytes(at: offset, count: Self.copiedAtOnce)
            guard !bytes.isEmpty else { throw Errno.ioError }
            let position = offset
            try await disk.run { () throws(Errno) in
                let written: Result<Void, Errno> = bytes.withUnsafeBytes { buffer in
                    do throws(Errno) {
                        try file.write(buffer, at: position)
                        return .success(())
                    } catch {
                        return .failure(error)
                    }
                }
                try written.get()
            }
            offset += Int64(bytes.count)
        }
    }

    /// Bytes that a copy holds in memory.
    private static let copiedAtOnce = 1 << 20
}

extension OpenContent {
    /// Reads, waiting if need be. Empty past the end.
    fileprivate func bytes(at offset: Int64, count: Int) async throws -> [UInt8] {
        var here: [UInt8]?
        guard let pending = read(at: offset, count: count, { here = Array($0) }) else { return here ?? [] }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { pending.start(ContinuedRead(continuation: $0)) }
        } onCancel: {
            pending.cancel()
        }
    }
}

private struct ContinuedRead: ContentReadReply {
    let continuation: CheckedContinuation<[UInt8], any Error>

    func succeed(_ bytes: UnsafeRawBufferPointer) {
        continuation.resume(returning: Array(bytes))
    }

    func fail(_ error: RemoteReadError) {
        continuation.resume(throwing: error)
    }
}
