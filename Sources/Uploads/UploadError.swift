public import BaseSpaceAPI
public import SystemPackage

/// Why a file could not be staged or uploaded.
///
/// Which `errno` a program sees is the file system's decision; `code`, `status` and `systemError` are what it decides by.
public struct UploadError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure; more may come.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String, Hashable, Sendable {
            case stagingUnavailable, journalUnavailable, unreadable, refused, missing, conflict, tooLarge,
                serviceFailed, unreachable
            case damaged, changed, cancelled
        }

        private let kind: Kind

        /// The staging directory can't be used.
        public static let stagingUnavailable = Code(kind: .stagingUnavailable)
        /// The journal can't be opened, read or written.
        public static let journalUnavailable = Code(kind: .journalUnavailable)
        /// The staged file can't be read; `systemError` says why.
        public static let unreadable = Code(kind: .unreadable)
        /// The service said no (4xx), or would: the request breaks a rule that is known here.
        public static let refused = Code(kind: .refused)
        /// The container does not exist, or no longer (404, 410).
        public static let missing = Code(kind: .missing)
        /// The service reports a conflict (409), also after starting again.
        public static let conflict = Code(kind: .conflict)
        /// The service takes no file or part of this size (413), or an upload can't have so many bytes at all.
        public static let tooLarge = Code(kind: .tooLarge)
        /// The service failed (5xx, or a reply that makes no sense).
        public static let serviceFailed = Code(kind: .serviceFailed)
        /// The service could not be reached, or stopped answering.
        public static let unreachable = Code(kind: .unreachable)
        /// What the server has is not what was sent, also after sending it again.
        public static let damaged = Code(kind: .damaged)
        /// The file kept changing while it was uploaded.
        public static let changed = Code(kind: .changed)
        /// The task was cancelled.
        public static let cancelled = Code(kind: .cancelled)

        /// The kind in one word.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// One line: which file, what happened, what to do.
    public let message: String
    /// What the service or the transport said.
    public let underlying: BaseSpaceError?
    /// What the local disk said, or would say to a file of this size.
    public let systemError: Errno?

    /// The HTTP status, when the service answered with one.
    public var status: Int? { underlying?.status }

    /// The message.
    public var description: String { message }
}

extension UploadError {
    init(stagingDirectory: FilePath, error: Errno) {
        code = .stagingUnavailable
        message =
            "Staging directory '\(stagingDirectory)' can't be used: \(error); name a directory that you may write to"
        underlying = nil
        systemError = error
    }

    init(_ failure: UploadFailure, uploading destination: UploadDestination, from file: FilePath) {
        var underlying: BaseSpaceError?
        var systemError: Errno?
        let reason: String
        let advice: String
        switch failure {
        case .service(let error):
            underlying = error
            reason = error.description
            (code, advice) = Self.judge(error)
        case .unreadable(let error):
            systemError = error
            code = .unreadable
            reason = "its staged copy can't be read: \(error)"
            advice = "check the disk of the staging directory"
        case .damaged(let what):
            code = .damaged
            reason = "what arrived is not what was sent: \(what)"
            advice = "try again; if it repeats, check the memory and the disk of this machine"
        case .changed:
            code = .changed
            reason = "it kept changing while it was sent"
            advice = "upload it once its writer is done"
        case .tooLarge(let capacity):
            systemError = .fileTooLarge
            code = .tooLarge
            reason = "it has more than \(capacity) bytes, which is all that an upload can have"
            advice = "split it"
        case .cancelled:
            code = .cancelled
            reason = "it was cancelled"
            advice = "upload it again to finish"
        }
        self.underlying = underlying
        self.systemError = systemError
        message = "Upload of \(destination) failed: \(reason); \(advice); the data is kept in '\(file)'"
    }

    private static func judge(_ error: BaseSpaceError) -> (Code, advice: String) {
        switch error.kind {
        case .transport, .cancelled: (.unreachable, "try again when the service can be reached")
        case .invalidRequest: (.refused, "check the file's name and where it goes")
        case .undecodable: (.serviceFailed, "try again later")
        case .service(let status): judge(status)
        }
    }

    private static func judge(_ status: Int) -> (Code, advice: String) {
        switch status {
        case 401, 403: (.refused, "check that the session can still be worked on and that the token may write there")
        case 404, 410: (.missing, "check that it still exists")
        case 409: (.conflict, "check whether a file of this name is there already, and choose another name if so")
        case 413: (.tooLarge, "split the file, or choose another part size")
        case 400..<500: (.refused, "check the file's name and the session's state")
        default: (.serviceFailed, "try again later")
        }
    }
}
