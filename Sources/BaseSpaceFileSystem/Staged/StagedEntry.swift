internal import BaseSpaceAPI
internal import Namespace
internal import Synchronization
internal import SystemPackage
internal import Uploads

/// A staged file in the tree: where it stands, who has it open, and how far its upload is.
///
/// ```
///             written                    commit                      arrived
///   created ───────────▶ unsent ──────────────────▶ uploading ───────────────▶ arrived ──last close──▶ settled
///                        │  │ ▲                         │ failed                  │ written again
///            removed ◀───┘  │ └─────────────────────────┴─────────────────────────┘
///                           └──▶ moved, and unsent at its new place
/// ```
///
/// Until it is *settled* it is served from here, so that a reader finds every byte that a writer was told is written;
/// then it is a file of the service, and the local copy goes. From *arrived* on it can be neither moved nor removed nor
/// opened for writing: the service can't. A removed file lives on, unsent, for those who have it open.
///
/// `settle` calls the tree with this object's lock held; the tree's lock is the inner one.
final class StagedEntry: Sendable {
    typealias Upload = Task<Result<RemoteFile, UploadError>, Never>

    private struct State {
        var place: FilePlace
        var permissions: UInt16
        var contentType: String?
        var handles = 0
        var writers = 0
        var upload: Upload?
        var uploaded: RemoteFile?
        /// The version of the file whose upload failed last.
        var failedVersion: UInt64?
        /// Why it is not what its writer meant to write, until it is written from the start again.
        var damage: Errno?
        /// Settled or removed: no longer in the tree.
        var isGone = false
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
        /// It is there, or is not to go there.
        case nothing
        /// Wait for this, then look again.
        case wait(Upload)
    }

    let inode: InodeNumber
    let file: StagedFile
    private let state: Mutex<State>
    private let isMappable = Atomic(false)

    init(inode: InodeNumber, file: StagedFile, place: FilePlace, permissions: UInt16) {
        self.inode = inode
        self.file = file
        state = Mutex(State(place: place, permissions: permissions))
    }

    var place: FilePlace { state.withLock { $0.place } }

    var permissions: UInt16 {
        get { state.withLock { $0.permissions } }
        set { state.withLock { $0.permissions = newValue } }
    }

    var contentType: String? {
        get { state.withLock { $0.contentType } }
        set { state.withLock { $0.contentType = newValue } }
    }

    /// Whether a handle that may write is open.
    var isBeingWritten: Bool { state.withLock { $0.writers > 0 } }

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

    /// Whether it left the tree and nobody has it open.
    var isOver: Bool { state.withLock { $0.isGone && $0.handles == 0 } }

    /// Whether the last upload failed and nothing was written since.
    var hasFailed: Bool { state.withLock { $0.failedVersion == file.version } }

    /// Why it must not be uploaded: a write failed, or its writer was killed.
    var damage: Errno? { state.withLock { $0.damage } }

    /// Keeps it from being uploaded until it is emptied and written again, or removed.
    func spoil(by errno: Errno) {
        state.withLock { $0.damage = errno }
    }

    /// It is written from the start.
    func beginAnew() {
        state.withLock { $0.damage = nil }
    }

    /// The upload under way.
    var upload: Upload? { state.withLock { $0.upload } }

    func open(writing: Bool) -> Opening {
        state.withLock { state in
            guard !state.isGone else { return .gone }
            guard !writing || state.uploaded == nil else { return .arrived }
            state.handles += 1
            state.writers += writing ? 1 : 0
            return .opened
        }
    }

    func close(writing: Bool) {
        state.withLock { state in
            state.handles -= 1
            state.writers -= writing ? 1 : 0
        }
    }

    /// The next step on the way to the service; `start` begins an upload.
    func commitStep(start: (FilePlace, _ contentType: String?) -> Upload) -> CommitStep {
        state.withLock { state in
            if let upload = state.upload { return .wait(upload) }
            guard isUnsent(state) else { return .nothing }
            let upload = start(state.place, state.contentType)
            state.upload = upload
            return .wait(upload)
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
            case .failure:
                state.failedVersion = file.version
            }
        }
    }

    /// Takes the file out of the staging area if the service has all of it and nobody has it open; `replace` puts the
    /// service's file into the tree at that very moment.
    ///
    /// - Returns: Whether it did.
    func settle(_ replace: (RemoteFile, FilePlace) -> Void) -> Bool {
        state.withLock { state in
            guard !state.isGone, state.handles == 0, state.upload == nil, let uploaded = state.uploaded,
                file.uploadedVersion == file.version
            else { return false }
            replace(uploaded, state.place)
            state.isGone = true
            return true
        }
    }

    /// Moves it; `false` once a version of it has arrived at the service or is on its way.
    func move(to place: FilePlace) -> Bool {
        state.withLock { state in
            guard !state.isGone, state.uploaded == nil, state.upload == nil else { return false }
            state.place = place
            return true
        }
    }

    /// Takes it out of the tree unsent; `false` once the service has it. Who has it open keeps it.
    func remove() -> Bool {
        state.withLock { state in
            guard state.uploaded == nil else { return false }
            state.isGone = true
            return true
        }
    }

    private func isUnsent(_ state: State) -> Bool {
        !state.isGone && !state.place.isHidden && file.uploadedVersion != file.version
    }
}

extension FilePlace {
    /// Whether the place is for here only: a component begins with a dot, as the temporary files of rsync and editors.
    var isHidden: Bool {
        path.split(separator: "/").contains { $0.utf8.first == UInt8(ascii: ".") }
    }
}
