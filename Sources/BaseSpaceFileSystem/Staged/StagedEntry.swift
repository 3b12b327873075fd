internal import BaseSpaceAPI
internal import Namespace
internal import Synchronization
internal import SystemPackage
internal import Uploads

/// A staged file in the tree: where it stands, who has it open, and how far its upload is.
///
/// ```
///             written                 commit                 the service has it
///   created ───────────▶ changing ───────────────▶ sealed ───────────────────────▶ arrived ──last close──▶ settled
///                        │  │  ▲  ▲                │  │ ▲                              │
///            removed ◀───┼──┘  │  └────written─────┘  │ └──── moved, tried again       │
///                        │     └──────────────────────┼───────written, if that is allowed
///            spoiled ◀───┘ a write failed             └──▶ failed (the upload), still sealed
/// ```
///
/// Until it is *settled* it is served from here, so that a reader finds every byte that a writer was told is written;
/// then it is a file of the service, and the local copy goes. From *arrived* on it can be neither moved nor removed: the
/// service can't. It can be written again where the mount may overwrite. A removed file lives on, unsent, for those who have
/// it open.
///
/// Each step is in the journal before anybody acts on it. The journal and the tree are called with this object's lock held:
/// theirs are inner ones.
final class StagedEntry: Sendable {
    typealias Upload = Task<Result<RemoteFile, UploadError>, Never>

    /// What is known of a staged file when its entry is made.
    struct Origin {
        var place: FilePlace
        var permissions: UInt16 = 0o644
        var contentType: String?
        /// The time that a program set, if one did.
        var modified: Timestamp?
        /// The file of the service whose next version this is, under the same inode number.
        var original: FileRecord?
        /// Why it must not be uploaded as it is.
        var damage: Errno?
        /// Whether it is committed.
        var isSealed = false
        /// Whether it waits for the end of its session, whatever the policy of this mount is.
        var isHeld = false
        /// Whether an earlier mount made it.
        var isInherited = false
    }

    private struct State {
        var place: FilePlace
        var permissions: UInt16
        var contentType: String?
        /// The time that a program set; the file has another one if it was written since.
        var modified: Timestamp?
        var original: FileRecord?
        var handles = 0
        /// The handles that may write, by the process that opened them.
        var writers: [Int32: Int] = [:]
        var upload: Upload?
        var uploaded: RemoteFile?
        /// The version of the file whose upload failed last.
        var failedVersion: UInt64?
        /// Why it is not what its writer meant to write, until it is written from the start again.
        var damage: Errno?
        /// Settled or removed: no longer in the tree.
        var isGone = false
        /// Lets those go who closed it and wait for its upload, by a number.
        var closers: [UInt64: @Sendable () -> Void] = [:]
        var lastCloser: UInt64 = 0
    }

    /// What became of an attempt to open it.
    enum Opening {
        case opened
        /// It has left the tree.
        case gone
        /// The service has it, so it can only be read.
        case arrived
    }

    /// What to do next to get the file to the service.
    enum CommitStep {
        /// It is there, or is not to go there, or must not.
        case nothing
        /// Wait for this, then look again.
        case wait(Upload)
    }

    let inode: InodeNumber
    let file: StagedFile
    /// What the journal has of it.
    let record: JournalFile
    /// Whether an earlier mount left it to the end of its session.
    let isHeld: Bool
    /// The version in which an earlier mount left it.
    private let inheritedVersion: UInt64?
    private let state: Mutex<State>
    /// Whether the journal knows that it is not committed: looked at by every write.
    private let isChanging: Atomic<Bool>
    private let isMappable = Atomic(false)
    private let unflushed = Atomic(false)

    init(inode: InodeNumber, file: StagedFile, record: JournalFile, _ origin: Origin) {
        self.inode = inode
        self.file = file
        self.record = record
        isHeld = origin.isHeld
        inheritedVersion = origin.isInherited ? file.version : nil
        isChanging = Atomic(!origin.isSealed)
        state = Mutex(
            State(
                place: origin.place,
                permissions: origin.permissions,
                contentType: origin.contentType,
                modified: origin.modified,
                original: origin.original,
                damage: origin.damage
            )
        )
    }

    // MARK: What it is

    var place: FilePlace { state.withLock { $0.place } }

    var permissions: UInt16 { state.withLock { $0.permissions } }

    var contentType: String? { state.withLock { $0.contentType } }

    /// Takes what `chmod`, `utimensat` and `setfattr` say.
    func set(permissions: UInt16? = nil, modified: Timestamp? = nil, contentType: String?? = nil) {
        state.withLock { state in
            state.permissions = permissions ?? state.permissions
            state.contentType = contentType ?? state.contentType
            state.modified = modified ?? state.modified
            if let modified { file.modified = modified }
            record.setDetails(
                permissions: state.permissions,
                contentType: state.contentType,
                modified: state.modified
            )
        }
    }

    /// Whether it is as an earlier mount left it.
    var isInherited: Bool { inheritedVersion == file.version }

    /// Whether a handle is open.
    var isOpen: Bool { state.withLock { $0.handles > 0 } }

    /// Whether a handle that may write is open.
    var isBeingWritten: Bool { state.withLock { !$0.writers.isEmpty } }

    /// Whether all handles that may write are a process's own: when it has closed its last descriptor, nobody writes any more.
    /// (The kernel tells of their end later than of that.)
    func isWritten(onlyBy opener: Int32) -> Bool {
        state.withLock { $0.writers.keys.allSatisfy { $0 == opener } }
    }

    /// Bytes were written.
    func noteWrite() {
        unflushed.store(true, ordering: .relaxed)
    }

    /// Whether bytes were written since `takeUnflushed` was called last.
    var hasUnflushed: Bool { unflushed.load(ordering: .relaxed) }

    /// Whether bytes were written since the last call.
    func takeUnflushed() -> Bool {
        unflushed.exchange(false, ordering: .relaxed)
    }

    /// A handle was opened that a map to write to can be made of.
    func noteMappable() {
        isMappable.store(true, ordering: .relaxed)
    }

    /// Whether there ever was such a handle.
    var mayBeMapped: Bool { isMappable.load(ordering: .relaxed) }

    /// Whether the service lacks bytes that it is to get.
    var isUnsent: Bool { state.withLock { isUnsent($0) } }

    /// Whether a version of it is at the service.
    var hasArrived: Bool { state.withLock { $0.uploaded != nil } }

    /// Whether its path is the service's already, so that it can be neither moved nor removed.
    var isRooted: Bool { state.withLock { $0.uploaded != nil || $0.original != nil } }

    /// Whether it left the tree.
    var isRemoved: Bool { state.withLock { $0.isGone } }

    /// Whether it left the tree and nobody has it open.
    var isOver: Bool { state.withLock { $0.isGone && $0.handles == 0 } }

    /// Whether the last upload failed and nothing was written since.
    var hasFailed: Bool { state.withLock { $0.failedVersion == file.version } }

    /// Why it must not be uploaded: a write failed, or its writer was killed.
    var damage: Errno? { state.withLock { $0.damage } }

    /// The upload under way.
    var upload: Upload? { state.withLock { $0.upload } }

    // MARK: Opening and writing

    /// - Parameters:
    ///   - writer: The process that is going to write, if it may.
    ///   - overwriting: Whether the service may get another version.
    func open(by writer: Int32?, overwriting: Bool) -> Opening {
        state.withLock { state in
            guard !state.isGone else { return .gone }
            guard writer == nil || state.uploaded == nil || overwriting else { return .arrived }
            state.handles += 1
            if let writer { state.writers[writer, default: 0] += 1 }
            return .opened
        }
    }

    func close(by writer: Int32?) {
        state.withLock { state in
            state.handles -= 1
            guard let writer, let count = state.writers[writer] else { return }
            state.writers[writer] = count > 1 ? count - 1 : nil
        }
    }

    /// The content is about to change, and is not committed from here on.
    ///
    /// - Throws: EPERM if the service has the file and may not get another version of it; what the disk says if the
    ///   journal can't be told.
    func beginChange(overwriting: Bool) throws(Errno) {
        if isChanging.load(ordering: .acquiring) { return }
        var closers: [UInt64: @Sendable () -> Void] = [:]
        defer { closers.values.forEach { $0() } }
        try state.withLock { state throws(Errno) in
            guard state.uploaded == nil || overwriting || state.isGone else { throw .notPermitted }
            swap(&closers, &state.closers)
            if !state.isGone { try record.beginWriting() }
            isChanging.store(true, ordering: .releasing)
        }
    }

    /// Changes the content. The one who opened the file may seal it between the look before the change and the change, so
    /// there is one after it too.
    ///
    /// - Throws: What `beginChange` or the change throws.
    func changing<Value>(overwriting: Bool, _ change: () throws(Errno) -> Value) throws(Errno) -> Value {
        try beginChange(overwriting: overwriting)
        let value = try change()
        try beginChange(overwriting: true)
        return value
    }

    /// What comes of the upload after a close; `nil` if the file is written again before: then it is the last writer's to wait.
    func valueUnlessChanged<Value: Sendable>(_ upload: Task<Value, Never>) async -> Value? {
        let closer = Task { await upload.valueUnlessCancelled() }
        let number: UInt64? = state.withLock { state in
            if isChanging.load(ordering: .relaxed) { return nil }
            state.lastCloser += 1
            state.closers[state.lastCloser] = { closer.cancel() }
            return state.lastCloser
        }
        guard let number else {
            closer.cancel()
            return nil
        }
        let value = await closer.value
        state.withLock { $0.closers[number] = nil }
        return value
    }

    /// It is written: from here on it is to be uploaded as it is. Damaged files are not.
    func seal() {
        _ = state.withLock { seal($0) }
    }

    /// Seals it unless that was done, or somebody may write to it yet.
    ///
    /// - Returns: Whether it did.
    @discardableResult
    func sealIfWritten() -> Bool {
        state.withLock { state in
            guard state.writers.isEmpty, !file.isSealed else { return false }
            return seal(state)
        }
    }

    private func seal(_ state: State) -> Bool {
        guard state.damage == nil, !state.isGone else { return false }
        record.setState(.sealed)
        file.seal()
        isChanging.store(false, ordering: .releasing)
        return true
    }

    /// Keeps it from being uploaded until it is emptied and written again, or removed.
    func spoil(by errno: Errno) {
        let upload = state.withLock { state -> Upload? in
            guard !state.isGone else { return nil }
            state.damage = errno
            record.setState(.spoiled(errno: errno.rawValue))
            isChanging.store(true, ordering: .releasing)
            return file.isSealed ? nil : state.upload
        }
        upload?.cancel()
    }

    /// It is to be taken as it is, whatever became of it.
    func accept() {
        state.withLock { state in
            state.damage = nil
            _ = seal(state)
        }
    }

    /// It is written from the start.
    func forgive() {
        state.withLock { state in
            guard state.damage != nil else { return }
            state.damage = nil
            record.setState(.writing)
        }
    }

    // MARK: Uploading

    /// The next step on the way to the service; `start` begins an upload.
    func commitStep(start: (FilePlace, _ contentType: String?) -> Upload) -> CommitStep {
        state.withLock { state in
            if let upload = state.upload { return .wait(upload) }
            guard isUnsent(state), state.damage == nil else { return .nothing }
            let upload = start(state.place, state.contentType)
            state.upload = upload
            return .wait(upload)
        }
    }

    /// Begins the upload of a file that is still being written, unless one is under way or has failed.
    func stream(start: (FilePlace, _ contentType: String?) -> Upload) {
        state.withLock { state in
            guard state.upload == nil, state.failedVersion == nil, state.damage == nil, isUnsent(state) else { return }
            state.upload = start(state.place, state.contentType)
        }
    }

    /// The upload has ended.
    func uploadEnded(with result: Result<RemoteFile, UploadError>) {
        state.withLock { state in
            state.upload = nil
            switch result {
            case .success(let file):
                state.uploaded = file
                state.failedVersion = nil
            case .failure(let error) where error.code == .cancelled:
                // Who cancelled it knows why, and it may be tried again.
                break
            case .failure(let error):
                state.failedVersion = file.version
                if file.isSealed, !state.isGone {
                    record.setState(.failed(error.message))
                }
            }
        }
    }

    /// Takes the file out of the staging area if the service has all of it and nobody has it open; `replace` puts the
    /// service's file into the tree at that very moment.
    ///
    /// - Returns: Whether it did.
    func settle(_ replace: (SettledFile, FilePlace) -> Void) -> Bool {
        state.withLock { state in
            guard !state.isGone, state.handles == 0, state.upload == nil, file.uploadedVersion == file.version else {
                return false
            }
            if let uploaded = state.uploaded {
                replace(.uploaded(uploaded), state.place)
            } else if let original = state.original {
                replace(.unchanged(original), state.place)
            } else {
                return false
            }
            state.isGone = true
            return true
        }
    }

    /// Moves it.
    ///
    /// - Throws: EPERM once a version of it has arrived at the service or is on its way; what the disk says if the journal
    ///   can't take it.
    func move(to place: FilePlace) throws(Errno) {
        try state.withLock { state throws(Errno) in
            guard !state.isGone, state.uploaded == nil, state.original == nil, state.upload == nil else {
                throw .notPermitted
            }
            try record.move(to: place.container, path: place.path)
            state.place = place
            state.failedVersion = nil
        }
    }

    /// Takes it out of the tree unsent; `false` while it is being uploaded, and once the service has it. Who has it open
    /// keeps it.
    ///
    /// - Parameter newest: Only what the service does not have is given up.
    func remove(newest: Bool = false) -> Bool {
        state.withLock { state in
            guard state.upload == nil, newest || state.uploaded == nil else { return false }
            state.isGone = true
            return true
        }
    }

    /// The version of it that the service has, since it was staged.
    var uploaded: RemoteFile? { state.withLock { $0.uploaded } }

    /// The file of the service that shows again when this one goes.
    var original: FileRecord? { state.withLock { $0.original } }

    private func isUnsent(_ state: State) -> Bool {
        !state.isGone && !state.place.isHidden && file.uploadedVersion != file.version
    }
}

/// What takes a staged file's place.
enum SettledFile {
    /// What the service made of it.
    case uploaded(RemoteFile)
    /// The service's file that it was a copy of: nothing was changed.
    case unchanged(FileRecord)
}

extension FilePlace {
    /// Whether the place is for here only: a component begins with a dot, as the temporary files of rsync and editors.
    var isHidden: Bool { TemporaryName.isPart(of: path) }
}
