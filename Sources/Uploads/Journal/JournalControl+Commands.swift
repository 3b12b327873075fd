internal import GRDB
internal import Glibc
internal import SystemPackage

extension JournalControl {
    /// What became of a request.
    public enum Outcome: Hashable, Sendable {
        /// It is done.
        case done
        /// Its mount was asked to, and does it within a second or two.
        case requested
        /// For `discard`: the next mount of its account ends its upload at the service; the local copy is gone.
        case left
        /// Nothing needs to be done.
        case needless
        /// It can't be done: a program writes it right now.
        case beingWritten
        /// It can't be done: its file is not there.
        case gone
    }

    /// Has a file uploaded that failed, was spoiled or was never committed: by its mount at once, or else by the next
    /// one.
    ///
    /// - Throws: `journalUnavailable`; `unreadable` when the staged file can't be written to disk.
    public func retry(_ entry: JournalEntry) throws(UploadError) -> Outcome {
        let file = stagingDirectory.appending(entry.serial)
        if !entry.isMounted {
            do throws(Errno) {
                try Self.synchronize(file)
            } catch .noSuchFileOrDirectory {
                return .gone
            } catch {
                throw UploadError(unreadable: file, error)
            }
        }
        let outcome = try changeRow(entry.serial, durably: !entry.isMounted) { old, isMounted, database -> Outcome in
            switch old.stage {
            case .arrived: return .needless
            case .discarded: return .gone
            case .writing where isMounted && !old.isAbandoned: return .beingWritten
            case .writing, .sealed, .failed, .spoiled: break
            }
            if isMounted {
                guard old.stage != .sealed else { return .needless }
                try RequestRow(serial: old.serial, kind: .retry).insert(database)
                return .requested
            }
            var row = old
            row.enter(.sealed, boot: BootID.current)
            // A mount that has died between the look at it and here has left it without a sync.
            if !entry.isMounted { row.securedSeal = row.seal }
            row.syncs += 1
            try row.updateChanges(database, from: old)
            return old.stage == .sealed && row.isSecured == old.isSecured ? .needless : .done
        }
        return outcome ?? .gone
    }

    /// Deletes a file that is not uploaded: the only copy, perhaps. Its mount does it, if one answers for it.
    ///
    /// - Throws: `journalUnavailable`; `unreadable` when the staged file can't be deleted.
    public func discard(_ entry: JournalEntry) throws(UploadError) -> Outcome {
        let outcome = try changeRow(entry.serial) { old, isMounted, database -> Outcome in
            if isMounted {
                if old.stage == .writing, !old.isAbandoned { return .beingWritten }
                try RequestRow(serial: old.serial, kind: .discard).insert(database)
                return .requested
            }
            guard old.uploadID != nil, old.stage != .arrived else {
                try old.delete(database)
                return .done
            }
            var row = old
            row.enter(.discarded, boot: BootID.current)
            try row.updateChanges(database, from: old)
            return .left
        }
        if let outcome, outcome != .done, outcome != .left { return outcome }
        let file = stagingDirectory.appending(entry.serial)
        do throws(Errno) {
            try SystemCall.perform { file.withPlatformString { unlink($0) } }
        } catch .noSuchFileOrDirectory {
            return outcome ?? .gone
        } catch {
            throw UploadError(unreadable: file, error)
        }
        return outcome ?? .done
    }

    /// Writes a file to its disk.
    private static func synchronize(_ path: FilePath) throws(Errno) {
        let file = try SystemCall.perform { path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) } }
        defer { close(file) }
        try SystemCall.perform { fsync(file) }
    }
}

extension UploadError {
    fileprivate init(unreadable file: FilePath, _ error: Errno) {
        self.init(
            code: .unreadable,
            message: "Staged file '\(file)': \(error); check its disk and its permissions",
            underlying: nil,
            systemError: error
        )
    }
}
