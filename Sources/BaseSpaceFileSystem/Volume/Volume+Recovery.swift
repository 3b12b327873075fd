internal import BaseSpaceAPI
internal import Logging
internal import Namespace
internal import Synchronization
internal import SystemPackage
internal import Threading
public import Uploads

/// Going on where an earlier mount of the account stopped, and doing what `basespacefs uploads` asks for.
extension Volume {
    /// Takes over what other mounts of the account left, and listens to what the command asks for from now on. Called once,
    /// before the kernel knows of the mount. A mount that is read-only sends nothing, and leaves all that to others.
    ///
    /// - Throws: `UploadError` when the journal can't be read.
    public func resume() throws(UploadError) {
        guard !configuration.isReadOnly else { return tree.remember(modified: journal.modifiedTimes()) }
        for (container, path) in journal.directories() {
            _ = tree.addLocalDirectory(at: FilePlace(container: container, path: path))
        }
        tree.remember(modified: journal.modifiedTimes())
        try adopt()
        journal.observe { [weak self] request in await self?.serve(request) ?? false }
        Task { [weak self] in
            while self?.warnOfSessions() != nil {
                try? await Task.sleep(for: .seconds(1800))
            }
        }
    }

    /// Says in the log which sessions with files that wait here run out of time.
    private func warnOfSessions() {
        Set(staged.all.filter(\.isUnsent).map(\.place.container)).forEach(warnOfSession)
    }

    /// Says in the log, once, if the session of a container that files are sent to runs out of time.
    func warnOfSession(of container: FileContainer) {
        let created = tree.created(container)
        let warning = sessionAges.withLock { $0.warning(for: container, created: created, now: Timestamp.now) }
        if let warning { logger.warning("\(warning)") }
    }

    private func adopt() throws(UploadError) {
        for file in try journal.adopt() {
            do throws(Errno) {
                try adopt(file, as: file.state)
            } catch {
                unusable.withLock { $0[file.file.serial] = file }
                logUnusable(file, error)
            }
        }
    }

    private func adopt(_ adopted: AdoptedFile, as state: JournalState) throws(Errno) {
        let place = FilePlace(container: adopted.container, path: adopted.path)
        switch state {
        case .arrived:
            staging.removeFile(adopted.file.serial)
            adopted.file.remove()
            return
        case .discarded:
            discard(adopted.file)
            return
        case .writing, .sealed, .failed, .spoiled:
            break
        }
        var origin = StagedEntry.Origin(
            place: place,
            permissions: adopted.permissions,
            contentType: adopted.contentType,
            modified: adopted.modified,
            isHeld: adopted.isHeld,
            isInherited: true
        )
        switch state {
        case .writing:
            // Its writer had not closed it when the mount ended.
            origin.damage = .interrupted
        case .spoiled(let errno):
            origin.damage = Errno(rawValue: errno)
        default:
            origin.isSealed = true
        }
        let file = try staging.openFile(adopted.file.serial, isSealed: origin.isSealed)
        let entry = StagedEntry(
            inode: Tree.inode(ofStagedFile: adopted.file.serial),
            file: file,
            record: adopted.file,
            origin
        )
        staged[entry.inode] = entry
        tree.addDirectories(above: place)
        _ = tree.addStagedFile(entry.inode, at: place)
        guard origin.damage == nil else {
            logger.warning(
                """
                '\(place.path)' (\(place.container)) was not written to its end before its mount ended: \
                write it again, or see `basespacefs uploads`
                """
            )
            return
        }
        logger.notice("'\(place.path)' (\(place.container)) was left by an earlier mount, \(file.size) bytes")
        if configuration.uploadPolicy != .complete, !entry.isHeld, entry.isUnsent {
            commitInBackground(entry)
        }
    }

    /// Does what another process asks for; `false` while that can't be done.
    func serve(_ request: JournalRequest) async -> Bool {
        switch request {
        case .orphaned:
            await records.run { [self] in
                do throws(UploadError) {
                    try adopt()
                } catch {
                    logger.warning("\(error)")
                }
            }
            return true
        case .retry(let serial):
            return await records.run { [self] in retry(serial) }
        case .discard(let serial):
            guard let entry = entry(ofSerial: serial) else {
                await records.run { [self] in giveUpUnusable(serial) }
                return true
            }
            return await giveUp(entry)
        }
    }

    private func entry(ofSerial serial: String) -> StagedEntry? {
        staged.all.first { $0.record.serial == serial }
    }

    /// Uploads a file as it is; `false` while a program may be about to write it.
    private func retry(_ serial: String) -> Bool {
        if let file = unusable.withLock({ $0[serial] }) {
            do throws(Errno) {
                try adopt(file, as: .sealed)
                unusable.withLock { $0[serial] = nil }
            } catch {
                logUnusable(file, error)
            }
        }
        guard let entry = entry(ofSerial: serial) else { return true }
        guard !entry.isBeingWritten else { return false }
        entry.accept()
        commitInBackground(entry)
        return true
    }

    /// Takes a file away whatever became of it; what the service has already stays there.
    ///
    /// - Returns: `false` while a program has it open for writing, or when it is on its way once more.
    private func giveUp(_ entry: StagedEntry) async -> Bool {
        guard !entry.isBeingWritten else { return false }
        if let upload = entry.upload {
            upload.cancel()
            _ = await upload.value
        }
        return await records.run { [self] in
            // It may have arrived before it could be stopped, and be the service's.
            guard self.entry(ofSerial: entry.record.serial) === entry else { return true }
            guard !entry.isBeingWritten, entry.remove(newest: true) else { return false }
            uncover(entry)
            drop(entry)
            logger.notice("'\(entry.place.path)' was given up, as asked")
            return true
        }
    }

    /// The same for one whose copy could not be opened.
    private func giveUpUnusable(_ serial: String) {
        guard let file = unusable.withLock({ $0.removeValue(forKey: serial) }) else { return }
        discard(file.file)
        logger.notice("'\(file.path)' was given up, as asked")
    }

    /// Forgets a file that is not in the tree.
    private func discard(_ record: JournalFile) {
        record.setState(.discarded)
        staging.removeFile(record.serial)
        abandon(record)
    }

    private func logUnusable(_ file: AdoptedFile, _ error: Errno) {
        logger.error(
            "'\(file.path)' of \(file.container) is in the journal, but its staged copy can't be used: \(error)"
        )
    }
}
