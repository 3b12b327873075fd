internal import BaseSpaceAPI
internal import HTTPTransport
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
    /// The file has more bytes than the service takes, which is this many.
    case tooLarge(capacity: Int64)
    /// The task was cancelled.
    case cancelled

    init(_ error: BaseSpaceError) {
        switch error.kind {
        // The process ends before its uploads, as it was told to: the next one goes on, and nothing has failed.
        case .cancelled, .transport(.shutDown): self = .cancelled
        // The staged file became shorter while it was sent, or its disk fails.
        case .transport(.bodyUnreadable): self = .unreadable(.ioError)
        case .service, .transport, .undecodable, .invalidRequest: self = .service(error)
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

    /// Whether the service may have done what it was asked for.
    var isOpen: Bool {
        switch self {
        case .cancelled: true
        case .service(let error):
            switch error.kind {
            case .service(let status): status == 409 || status >= 500
            case .undecodable: true
            case .transport, .cancelled: error.mayHaveReachedServer
            case .invalidRequest: false
            }
        case .unreadable, .damaged, .changed, .tooLarge: false
        }
    }

    /// Whether the service, or what stands before it, failed at a request that it may serve the next time. What it refused
    /// for want of capacity (429, 503) is repeated by the transport.
    var isFailureOfService: Bool { [500, 502, 504].contains(status) }

    /// Whether the same request may succeed at another time: the service, or the way to it, failed.
    var mayPass: Bool {
        guard case .service(let error) = self else { return false }
        return switch error.kind {
        case .transport, .undecodable: true
        case .service(let status): status >= 500 || [408, 429].contains(status)
        case .cancelled, .invalidRequest: false
        }
    }

    /// Whether starting the file again may help.
    var endsWithTheAttempt: Bool {
        switch self {
        case .changed, .damaged: true
        case .service: isConflict
        case .unreadable, .tooLarge, .cancelled: false
        }
    }

    var isCancellation: Bool {
        if case .cancelled = self { true } else { false }
    }

    /// The service's word for a file that it does not have, or that nobody may speak of.
    var isAbsence: Bool { [403, 404, 410].contains(status) }

    /// How a server refuses a part that does not match its `Content-MD5`. Other reasons for a 400 exist; sending the
    /// part again costs little then and fails in the same way.
    var mayBeDamage: Bool { status == 400 }
}
