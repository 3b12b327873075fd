internal import BaseSpaceAPI
internal import SystemPackage

/// Why a request, and at the end an upload, failed.
enum UploadFailure: Error, Sendable {
    /// The service or the way to it.
    case service(BaseSpaceError)
    /// The staged file could not be read.
    case unreadable(Errno)
    /// What the server has is not what was sent; says what was compared.
    case damaged(String)
    /// The file changed while it was read.
    case changed
    /// The task was cancelled.
    case cancelled

    init(_ error: BaseSpaceError) {
        if case .cancelled = error.kind {
            self = .cancelled
        } else {
            self = .service(error)
        }
    }

    /// The HTTP status, when there was one.
    var status: Int? {
        guard case .service(let error) = self else { return nil }
        return error.status
    }

    /// The service's word for an upload that got in its own way: the whole file is sent again, as Illumina's own
    /// uploader does.
    var isConflict: Bool { status == 409 }

    /// How a server refuses a part that does not match its `Content-MD5`. Other reasons for a 400 exist; sending the
    /// part again costs little then and fails in the same way.
    var mayBeDamage: Bool { status == 400 }
}
