internal import BaseSpaceAPI
internal import HTTPTransport
internal import Logging
internal import RemoteFiles
internal import SystemPackage
internal import Uploads

/// Which `Errno` a failure becomes, and in which words it is logged: the one place that decides so.
///
/// | What the service or the line says        | errno                                   |
/// |------------------------------------------|-----------------------------------------|
/// | 400, or a request that can't be made     | EINVAL                                  |
/// | 401, 403                                 | EACCES                                  |
/// | 404, 410                                 | ENOENT; ESTALE while reading            |
/// | 409                                      | EEXIST                                  |
/// | 413                                      | EFBIG                                   |
/// | archived content                         | ENODATA                                 |
/// | the content changed since it was opened  | ESTALE                                  |
/// | a deadline is over                       | ETIMEDOUT                               |
/// | no route, no name, connection refused    | EHOSTUNREACH                            |
/// | the program was interrupted              | EINTR                                   |
/// | a disk of this machine                   | what it says: ENOSPC, EDQUOT, EROFS, …  |
/// | anything else                            | EIO                                     |
struct FailureReport {
    let errno: Errno
    let message: String
    /// The service's name of the request that failed.
    let requestID: String?
    /// Whether programs provoke it by probing, or the log knows the reason already, so that it is no warning.
    private let isExpected: Bool

    init(_ error: any Error, doing what: String) {
        switch error {
        case let error as Errno:
            errno = error
            message = "\(what): \(error)"
        case let error as SpoiledFile:
            errno = error.errno
            message = "\(what): \(error)"
        case let error as BaseSpaceError:
            errno = Self.errno(of: error)
            message = "\(what): \(error)"
        case let error as RemoteReadError:
            errno = Self.errno(of: error)
            message = error.message
        case let error as UploadError:
            errno = error.systemError ?? error.underlying.map { Self.errno(of: $0) } ?? Self.errno(of: error.code)
            message = error.message
        default:
            errno = .ioError
            message = "\(what): \(error)"
        }
        let service: BaseSpaceError? =
            switch error {
            case let error as BaseSpaceError: error
            case let error as RemoteReadError: error.service
            case let error as UploadError: error.underlying
            default: nil
            }
        requestID = service?.requestID
        let isProbe = [.interrupted, .noSuchFileOrDirectory, .fileExists].contains(errno)
        // A token that is refused is one line of `TokenKeeper`, and not one for each operation after it.
        isExpected = isProbe && !(error is UploadError) || service?.status == 401
    }

    /// Writes the message where it belongs and answers the errno.
    func logged(to logger: Logger) -> Errno {
        logger.log(level: isExpected ? .debug : .warning, "\(message)", metadata: ["errno": "\(errno)"])
        return errno
    }

    private static func errno(of error: BaseSpaceError) -> Errno {
        switch error.kind {
        case .service(let status):
            switch status {
            case 400: .invalidArgument
            case 401, 403: .permissionDenied
            case 404, 410: .noSuchFileOrDirectory
            case 409: .fileExists
            case 413: .fileTooLarge
            default: .ioError
            }
        case .transport(let code): errno(of: code)
        case .cancelled: .interrupted
        case .undecodable: .ioError
        case .invalidRequest: .invalidArgument
        }
    }

    private static func errno(of code: HTTPTransportError.Code) -> Errno {
        switch code {
        case .connectTimedOut, .firstByteTimedOut, .stalled, .deadlineExceeded: .timedOut
        case .cannotResolve, .cannotConnect: .noRouteToHost
        case .cancelled: .interrupted
        default: .ioError
        }
    }

    private static func errno(of error: RemoteReadError) -> Errno {
        switch error.code {
        case .changed, .gone: .staleNFSFileHandle
        case .denied: .permissionDenied
        case .archived: .noData
        case .timedOut: .timedOut
        case .unreachable: .noRouteToHost
        case .cancelled: .interrupted
        case .unusable: .ioError
        case .service:
            // What is gone while its handle is open is stale.
            switch error.service.map({ errno(of: $0) }) {
            case .some(.noSuchFileOrDirectory): .staleNFSFileHandle
            case .some(let errno): errno
            case nil: .ioError
            }
        }
    }

    private static func errno(of code: UploadError.Code) -> Errno {
        code == .cancelled ? .interrupted : .ioError
    }
}

/// A staged file that can't be uploaded, because it is not what its writer meant to write.
struct SpoiledFile: Error, CustomStringConvertible {
    let path: String
    /// What the writer was told.
    let errno: Errno
    /// Where the bytes are that were written.
    let copy: String

    var description: String {
        "'\(path)' was not written to its end (\(errno)); write it again or remove it; what there is is in '\(copy)'"
    }
}
