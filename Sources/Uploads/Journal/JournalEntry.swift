public import BaseSpaceAPI
internal import GRDB
internal import SystemPackage

/// What is known of a staged file by who looks from outside: beside the mounts, or when there are none.
public struct JournalEntry: Sendable {
    /// What is to be said first about it.
    public enum Status: Hashable, Sendable {
        /// A program has it open for writing, or a mount waits for the next one that does.
        case writing
        /// It was never committed, and its writer's mount has ended.
        case unfinished
        /// It waits for its turn or for its mount's policy, or for a mount.
        case waiting
        /// Some of it is at the service.
        case uploading
        /// The last upload failed.
        case failed
        /// It is not what its writer meant to write.
        case spoiled
        /// It is at the service, and goes soon.
        case uploaded
        /// It goes when its upload was aborted.
        case discarded
        /// The journal does not know it: what an older version left, or a mount whose journal was damaged.
        case orphan
        /// The journal knows it, but it is not in the staging area.
        case lost
    }

    /// The name of its file in the staging area.
    public let serial: String
    /// Server and user; `nil` for an orphan.
    public let account: String?
    /// Where it goes; `nil` for an orphan.
    public let container: FileContainer?
    /// The path inside the container; of an orphan the name alone, as far as its file tells.
    public let path: String
    /// Where it stands.
    public let status: Status
    /// What went wrong, in a line.
    public let problem: String?
    /// Whether a mount answers for it.
    public let isMounted: Bool
    /// When it was made; of an orphan, when it was last written.
    public let created: Timestamp
    /// Its bytes; 0 if there is no file.
    public let size: Int64
    /// So many of them are at the service.
    public let sent: Int64
}

extension JournalEntry {
    /// Whether its name keeps it from being uploaded.
    public var isTemporary: Bool { TemporaryName.isPart(of: path) }

    init(_ row: FileRow, parts: Set<Int>, file: (size: Int64, modified: Timestamp)?, isMounted: Bool) {
        serial = row.serial
        account = row.account
        container = row.container
        path = row.path
        self.isMounted = isMounted
        created = row.creation
        let size = file?.size ?? 0
        self.size = size
        sent = row.stage == .arrived ? size : Self.bytes(of: parts, base: row.partSize, size: size)
        status = Self.status(of: row, isMounted: isMounted, isStaged: file != nil)
        problem =
            switch status {
            case .failed: row.message
            case .spoiled: row.message ?? Self.spoiled(by: Errno(rawValue: row.error ?? Errno.ioError.rawValue))
            case .unfinished: "its writer's mount has ended before it was closed"
            case .lost: "its file is not in the staging area any more"
            case .orphan: "the journal does not know where it belongs"
            case .writing, .waiting, .uploading, .uploaded, .discarded: nil
            }
    }

    /// A file that the journal does not know.
    init(orphan serial: String, file: (size: Int64, modified: Timestamp)) {
        self.serial = serial
        account = nil
        container = nil
        // A random id of 36 characters and a hyphen stand in front.
        path = String(serial.dropFirst(37))
        status = .orphan
        problem = "the journal does not know where it belongs"
        isMounted = false
        created = file.modified
        size = file.size
        sent = 0
    }

    private static func status(of row: FileRow, isMounted: Bool, isStaged: Bool) -> Status {
        switch row.stage {
        case .arrived: .uploaded
        case .discarded: .discarded
        case _ where !isStaged: .lost
        case .writing: isMounted && !row.isAbandoned ? .writing : .unfinished
        case .sealed: isMounted && (row.isSendingWhole || row.uploadID != nil) ? .uploading : .waiting
        case .failed: .failed
        case .spoiled: .spoiled
        }
    }

    private static func spoiled(by errno: Errno) -> String {
        errno == .interrupted ? "its writer was killed" : "a write failed: \(errno)"
    }

    private static func bytes(of parts: Set<Int>, base: Int64?, size: Int64) -> Int64 {
        guard let base else { return 0 }
        let layout = PartLayout(partSize: base)
        return parts.reduce(0) { $0 + Int64(layout.range(ofPart: $1, in: size).count) }
    }
}
