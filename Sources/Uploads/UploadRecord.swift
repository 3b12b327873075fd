public import BaseSpaceAPI

/// How far the upload of a file has come at the service, as the journal remembers it.
public enum UploadProgress: Hashable, Sendable {
    /// Nothing was sent.
    case none
    /// One request with the whole file was begun; whether the service took it is not known.
    case sendingWhole
    /// A multipart upload is open: its file id, the base part size it was begun with, and the MD5s (32 hex digits) of the
    /// parts that the service acknowledged; empty ones of parts that were sent and may have arrived.
    case parts(of: EntityID, partSize: Int64, sent: [Int: String])

    /// Whether the service waits for more, until it is told that nothing comes.
    public var isOpenAtService: Bool {
        if case .parts = self { true } else { false }
    }
}

/// What is remembered of the upload of one file. Each call returns when it is remembered; one that can't be is logged and
/// the upload goes on.
public protocol UploadRecord: Sendable {
    /// What an earlier attempt, perhaps of another process, left.
    var progress: UploadProgress { get }
    func sendingWhole()
    func began(_ id: EntityID, partSize: Int64)
    /// A part is about to be sent that none was sent behind of. The service joins whatever it has: a file that turns out to
    /// end before that part needs another upload.
    func sending(part number: Int)
    func sent(part number: Int, md5: String)
    /// The upload is over and left nothing open at the service.
    func abandoned()
    /// The service has the file, all of it.
    ///
    /// - Parameter isCurrent: Whether what arrived is still what the file contains; asked in the moment in which it is
    ///   remembered, so that a version that was written meanwhile is not taken for it.
    func arrived(as id: EntityID, isCurrent: () -> Bool)
}
