internal import BaseSpaceAPI
internal import Namespace
internal import Synchronization
internal import SystemPackage
internal import Uploads

/// A staged file in the tree: where it stands, who has it open, and how far its upload is.
///
/// ```
///             written                    commit                      arrived
///   created ───────────▶ dirty ───────────────────▶ uploading ───────────────▶ uploaded ──last close──▶ settled
///                          ▲                            │ failed                  │ written again
///                          └────────────────────────────┴─────────────────────────┘
/// ```
///
/// Settled, it is a file of the service, and the local copy goes. Until then it is served from here, so that a reader
/// finds every byte that a writer was told is written.
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
        var failure: UploadError?
        var isGone = false
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

    /// Whether the service lacks bytes that it is to get.
    var isUnsent: Bool { state.withLock { isUnsent($0) } }

    /// Why the last upload failed.
    var failure: UploadError? { state.withLock { $0.failure } }

    /// Counts a handle; `false` if the file has left the staging area meanwhile.
    func open(writing: Bool) -> Bool {
        state.withLock { state in
            guard !state.isGone else { return false }
            state.handles += 1
            state.writers += writing ? 1 : 0
            return true
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
                state.failure = nil
            case .failure(let error):
                state.failure = error
            }
        }
    }

    /// Takes the file out of the staging area if the service has all of it and nobody has it open.
    func settle() -> (file: RemoteFile, place: FilePlace)? {
        state.withLock { state in
            guard !state.isGone, state.handles == 0, state.upload == nil, let uploaded = state.uploaded,
                file.uploadedVersion == file.version
            else { return nil }
            state.isGone = true
            return (uploaded, state.place)
        }
    }

    /// Moves it; refused once a version of it has arrived at the service.
    func move(to place: FilePlace) -> Bool {
        state.withLock { state in
            guard !state.isGone, state.uploaded == nil, state.upload == nil else { return false }
            state.place = place
            return true
        }
    }

    /// Takes it out of the staging area unsent, and answers the upload to stop.
    func remove() -> Upload? {
        state.withLock { state in
            state.isGone = true
            return state.upload
        }
    }

    /// The upload under way.
    var upload: Upload? { state.withLock { $0.upload } }

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

/// An open staged file.
final class StagedHandle: Sendable {
    let entry: StagedEntry
    let mode: OpenMode
    /// The process that opened it.
    let opener: Int32
    private let unflushed = Atomic(false)

    init(entry: StagedEntry, mode: OpenMode, opener: Int32) {
        self.entry = entry
        self.mode = mode
        self.opener = opener
    }

    /// Bytes were written through this handle.
    func noteWrite() {
        unflushed.store(true, ordering: .relaxed)
    }

    /// Whether bytes were written since the last call.
    func takeUnflushed() -> Bool {
        unflushed.exchange(false, ordering: .relaxed)
    }
}

/// The staged files by their inode numbers.
final class StagedFiles: Sendable {
    private let entries = Mutex<[InodeNumber: StagedEntry]>([:])

    subscript(inode: InodeNumber) -> StagedEntry? {
        get { entries.withLock { $0[inode] } }
        set { entries.withLock { $0[inode] = newValue } }
    }

    var all: [StagedEntry] { entries.withLock { Array($0.values) } }
}
