internal import BaseSpaceAPI
internal import Logging
internal import Namespace
internal import SystemPackage
internal import Threading
internal import Uploads

/// Bringing staged files to the service, by the mount's upload policy.
extension Volume {
    /// After a commit point: uploads the file, waits for it, or does neither.
    func commitAsAgreed(_ entry: StagedEntry, doing what: String) -> Answer<Void> {
        guard entry.isUnsent else { return .ready(()) }
        switch configuration.uploadPolicy {
        case .close:
            return finishing(what, in: tree.node(entry.inode)?.parent) { [self] in try await commitClosed(entry) }
        case .background:
            commitInBackground(entry)
            return .ready(())
        case .complete:
            return .ready(())
        }
    }

    /// Brings a staged file to the service, or throws why it is not there.
    func commit(_ entry: StagedEntry) async throws {
        // Who made it with `O_RDONLY` may have it open; nothing is going to be written to it by that.
        entry.sealIfWritten()
        while case .wait(let upload) = entry.commitStep(start: { startUpload(of: entry, to: $0, contentType: $1) }) {
            do {
                _ = try await upload.value.get()
            } catch {
                // It was stopped because the file was removed, which nobody has to hear of, or spoiled.
                guard error.code == .cancelled, !entry.isUnsent || entry.damage != nil else { throw error }
            }
        }
        if let damage = entry.damage, entry.isUnsent {
            throw SpoiledFile(path: entry.place.path, errno: damage, copy: entry.file.path.string)
        }
    }

    /// The same for who has closed it. If somebody else writes it before it has arrived, that one will commit it.
    private func commitClosed(_ entry: StagedEntry) async throws {
        let upload = Task<Result<Void, any Error>, Never> { [self] in
            do { return .success(try await commit(entry)) } catch { return .failure(error) }
        }
        try await entry.valueUnlessChanged(upload)?.get()
    }

    /// The same when nobody waits: what goes wrong is in the log and in the journal, and `Status` will say it.
    func commitInBackground(_ entry: StagedEntry) {
        // The upload takes its place in the line before the next file is closed.
        _ = entry.commitStep { startUpload(of: entry, to: $0, contentType: $1) }
        Task { [self] in
            do {
                try await commit(entry)
            } catch {
                _ = FailureReport(error, doing: "uploading '\(entry.place.path)'").logged(to: logger)
            }
        }
    }

    /// The same for an empty file that its writer closed, a moment later: it may be one that is about to be written,
    /// renamed or removed, such as a lock, what `mktemp` makes, or the `f` of `: > f; tool >> f`.
    func commitEmptyInBackground(_ entry: StagedEntry) {
        Task { [self] in
            try? await Task.sleep(for: Self.graceOfEmptyFiles)
            guard entry.file.size == 0, !entry.isBeingWritten, entry.isUnsent, !entry.hasFailed else { return }
            commitInBackground(entry)
        }
    }

    private static let graceOfEmptyFiles = Duration.seconds(1)

    /// Sends again what could not be sent and nobody waits for: what kept it from that may have passed, such as a token
    /// that was refused.
    public func retryInBackground() {
        guard configuration.uploadPolicy == .background else { return }
        for entry in staged.all where entry.hasFailed && entry.isUnsent && !entry.isBeingWritten {
            commitInBackground(entry)
        }
    }

    /// Brings several files to the service at the same time.
    ///
    /// - Returns: What went wrong with those that are not there, a line for each, which is in the log too.
    func commitAll(_ entries: [StagedEntry]) async -> [String] {
        await withTaskGroup(of: String?.self) { group in
            for entry in entries {
                group.addTask { [self] in
                    do {
                        try await commit(entry)
                        return nil
                    } catch {
                        let report = FailureReport(error, doing: "uploading '\(entry.place.path)'")
                        _ = report.logged(to: logger)
                        return report.message
                    }
                }
            }
            return await group.reduce(into: []) { lines, line in line.map { lines.append($0) } }
        }
    }

    /// Begins to send a file whose end is not written yet, if the policy allows that.
    func stream(_ entry: StagedEntry) {
        guard configuration.uploadPolicy.streams, entry.file.frontier > uploads.partSize else { return }
        entry.stream { startUpload(of: entry, to: $0, contentType: $1) }
    }

    /// Uploads whatever is to be uploaded: the last thing before a mount ends.
    ///
    /// - Returns: What stays in the staging area.
    public func finishUploads() async -> RemainingFiles {
        if !configuration.isReadOnly {
            // Who has given an order and then ends the mount wants it done.
            await journal.serve { [self] in await serve($0) }
        }
        var left = await withTaskGroup(of: (String?, isInherited: Bool).self) { group in
            for entry in staged.all {
                group.addTask { [self] in (await finishUpload(of: entry), entry.isInherited) }
            }
            return await group.reduce(into: RemainingFiles()) { left, end in
                guard let line = end.0 else { return }
                if end.isInherited { left.inherited.append(line) } else { left.own.append(line) }
            }
        }
        await journal.secure()
        left.own.sort()
        left.inherited.sort()
        return left
    }

    /// - Returns: Why it stays in the staging area, and where; `nil` if it does not.
    private func finishUpload(of entry: StagedEntry) async -> String? {
        let kept = "it is kept in '\(entry.file.path)'"
        // Half a file at the service would look like a whole one. What is on its way was closed.
        guard !entry.isBeingWritten || entry.file.isSealed else {
            entry.upload?.cancel()
            _ = await entry.upload?.value
            return "'\(entry.place.path)' is still being written; \(kept)"
        }
        let waits = configuration.uploadPolicy == .complete || entry.isHeld && !entry.hasFailed
        if waits, entry.upload == nil, entry.isUnsent, entry.damage == nil {
            return "'\(entry.place.path)' waits for Status to be set to complete, in the next mount; \(kept)"
        }
        do {
            try await commit(entry)
        } catch {
            return FailureReport(error, doing: "uploading '\(entry.place.path)'").message
        }
        await records.run { [self] in
            settle(entry)
            // Somebody has it open still, and keeps it; after the mount nobody would look for the copy.
            if entry.hasArrived, !entry.isUnsent { drop(entry) }
        }
        guard entry.place.isHidden, !entry.isOver else { return nil }
        return "'\(entry.place.path)' has a temporary name and was not uploaded; \(kept)"
    }

    /// How many of them were written in this mount.
    public var unsentOwn: Int { staged.all.count { $0.isUnsent && !$0.isInherited } }

    /// Files that are not wholly uploaded, those on their way and those that failed, and the bytes that they lack.
    public var unsent: (files: Int, bytes: Int64) {
        let entries = staged.all.filter(\.isUnsent)
        let sent = uploads.activity.reduce(0) { $0 + $1.bytesSent }
        return (entries.count, max(0, entries.reduce(0) { $0 + $1.file.size } - sent))
    }

    /// Lets the service's file take the staged one's place, if it is all there and nobody has it open.
    func settle(_ entry: StagedEntry) {
        let hasSettled = entry.settle { settled, place in
            switch settled {
            case .uploaded(let file):
                journal.setModified(of: file.id, entry.file.modified)
                tree.replaceStagedFile(entry.inode, at: place, by: file, modified: entry.file.modified)
            case .unchanged(let record):
                // `touch` opens what it gives another time.
                let modified = entry.file.modified
                if modified != record.modified {
                    journal.setModified(of: record.id, modified)
                }
                tree.restoreFile(record, under: entry.inode, at: place, modified: modified)
            }
        }
        guard hasSettled else { return }
        staged[entry.inode] = nil
        drop(entry)
        // By its files the service knows them from now on.
        var directory = entry.place.directory
        while !directory.isEmpty {
            journal.removeDirectory(container: entry.place.container, path: directory)
            directory = FilePlace(container: entry.place.container, path: directory).directory
        }
    }

    /// Takes out of the tree what was opened for writing in vain: nothing was written and no program has it.
    func revert(_ entry: StagedEntry) {
        guard entry.remove() else { return }
        uncover(entry)
        drop(entry)
    }

    /// Shows what the service has at the place of a staged file that was given up.
    func uncover(_ entry: StagedEntry) {
        if let uploaded = entry.uploaded {
            let modified = uploaded.modified ?? uploaded.created ?? entry.file.modified
            tree.replaceStagedFile(entry.inode, at: entry.place, by: uploaded, modified: modified)
        } else if let original = entry.original {
            tree.restoreFile(original, under: entry.inode, at: entry.place)
        } else {
            tree.removeStagedFile(entry.inode, at: entry.place)
        }
        if entry.isOver {
            staged[entry.inode] = nil
        }
    }

    /// Deletes the local copy and what the journal has of it. An upload that an earlier mount or attempt left open at the
    /// service is given up there, by the next mount if this one does not get to it.
    func drop(_ entry: StagedEntry) {
        guard entry.record.progress.isOpenAtService else {
            entry.file.remove()
            entry.record.remove()
            return
        }
        entry.record.setState(.discarded)
        entry.file.remove()
        abandon(entry.record)
    }

    /// Gives up what is open at the service of a file that is gone.
    func abandon(_ record: JournalFile) {
        Task { [uploads, records] in
            if await uploads.abandon(record) { await records.run { record.remove() } }
        }
    }

    private func startUpload(of entry: StagedEntry, to place: FilePlace, contentType: String?) -> StagedEntry.Upload {
        let destination = UploadDestination(
            container: place.container,
            directory: place.directory,
            name: place.name,
            contentType: contentType
        )
        return StagedEntry.Upload { [self] in
            warnOfSession(of: place.container)
            let result: Result<RemoteFile, UploadError>
            do throws(UploadError) {
                result = .success(try await uploads.upload(entry.file, to: destination, record: entry.record))
            } catch {
                result = .failure(error)
            }
            await records.run { [self] in
                entry.uploadEnded(with: result)
                settle(entry)
            }
            return result
        }
    }
}

extension FilePlace {
    /// Whether the place is in a directory, at any depth.
    func isBelow(_ directory: FilePlace) -> Bool {
        container == directory.container && (directory.path.isEmpty || path.hasPrefix(directory.path + "/"))
    }
}
