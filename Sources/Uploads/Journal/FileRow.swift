internal import BaseSpaceAPI
internal import GRDB
internal import SystemPackage

/// A row of `file`: what is remembered of a staged file, but for the parts of its upload.
struct FileRow: Codable, Hashable, Sendable, FetchableRecord, PersistableRecord {
    enum Stage: String, Codable, Sendable, DatabaseValueConvertible {
        case writing, sealed, failed, spoiled, arrived, discarded
    }

    static let databaseTableName = "file"

    let serial: String
    let account: String
    var owner: String
    var containerKind: ContainerKind
    var containerID: String
    var path: String
    var permissions: Int
    var contentType: String?
    var modifiedSeconds: Int64?
    var modifiedNanoseconds: Int32?
    /// Nanoseconds since 1970, so that files of one second keep their order.
    let created: Int64
    var stage = Stage.writing
    var isAbandoned = false
    var message: String?
    var error: CInt?
    var seal: Int64 = 0
    var securedSeal: Int64 = -1
    var boot: String
    var syncs: Int64 = 0
    var isSendingWhole = false
    var uploadID: String?
    var partSize: Int64?
    var isHeld = false
}

extension FileRow {
    var container: FileContainer {
        get { containerKind.container(containerID) }
        set { (containerKind, containerID) = (ContainerKind(newValue), newValue.id.rawValue) }
    }

    /// When it was made.
    var creation: Timestamp {
        Timestamp(seconds: created / Self.second, nanoseconds: Int32(created % Self.second))
    }

    private static let second: Int64 = 1_000_000_000

    /// As `created` counts: enough for three centuries.
    static func nanoseconds(_ time: Timestamp) -> Int64 { time.seconds * second + Int64(time.nanoseconds) }

    var modified: Timestamp? {
        get {
            modifiedSeconds.map { Timestamp(seconds: $0, nanoseconds: modifiedNanoseconds ?? 0) }
        }
        set { (modifiedSeconds, modifiedNanoseconds) = (newValue?.seconds, newValue?.nanoseconds) }
    }

    var state: JournalState {
        switch stage {
        case .writing: .writing
        case .sealed: .sealed
        case .failed: .failed(message ?? "")
        case .spoiled: .spoiled(errno: error ?? Errno.ioError.rawValue)
        case .arrived: .arrived
        case .discarded: .discarded
        }
    }

    /// Goes on to a state. A commit is counted: what was written before it is not known to be on disk.
    mutating func enter(_ state: JournalState, boot: String) {
        // What is so already keeps what else is known of it.
        guard state != self.state || isAbandoned else { return }
        let wasBeingWritten = stage == .writing || stage == .spoiled
        (isAbandoned, message, error) = (false, nil, nil)
        switch state {
        case .writing: stage = .writing
        case .sealed: stage = .sealed
        case .failed(let reason): (stage, message) = (.failed, reason)
        case .spoiled(let errno): (stage, error) = (.spoiled, errno)
        case .arrived: stage = .arrived
        case .discarded: stage = .discarded
        }
        if wasBeingWritten, stage == .sealed || stage == .failed {
            seal += 1
            self.boot = boot
        }
    }

    /// Whether all that was committed is known to be on disk.
    var isSecured: Bool { securedSeal == seal }

    /// Whether bytes that are to be uploaded could be lost with the machine's power.
    var awaitsSecuring: Bool { (stage == .sealed || stage == .failed) && !isSecured }

    /// What spoils a file whose bytes were perhaps still in memory when the machine went down.
    static let powerCut = "the machine went down before it was safely on disk"

    /// Takes note that the machine may have gone down since the last commit point.
    mutating func judge(inBoot current: String) {
        guard awaitsSecuring, boot != current else { return }
        enter(.spoiled(errno: Errno.ioError.rawValue), boot: current)
        message = Self.powerCut
    }

    /// After a restart of the machine the last commits may be missing: an upload that is not known of may have arrived.
    mutating func doubtProgress(inBoot current: String) {
        guard boot != current, stage == .sealed || stage == .failed, uploadID == nil else { return }
        isSendingWhole = true
    }

    /// How far its upload has come.
    func progress(sent: [Int: String]) -> UploadProgress {
        if let uploadID, let partSize { return .parts(of: EntityID(uploadID), partSize: partSize, sent: sent) }
        return isSendingWhole ? .sendingWhole : .none
    }

    /// Forgets the upload. Its parts are rows of their own.
    mutating func clearProgress() {
        (isSendingWhole, uploadID, partSize) = (false, nil, nil)
    }
}
