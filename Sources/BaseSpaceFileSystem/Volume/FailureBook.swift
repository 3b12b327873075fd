internal import BaseSpaceAPI
internal import Namespace
internal import Synchronization
internal import SystemPackage

/// What failed last in each directory: the text of its `.error`, where a program's errno leaves a user guessing.
final class FailureBook: Sendable {
    /// One failure.
    struct Entry: Sendable {
        let errno: Errno
        let message: String
        let requestID: String?
        let moment: Timestamp

        /// The text of `.error`.
        var text: String {
            let request = requestID.map { "request: \($0)\n" } ?? ""
            return "errno: \(errno.name) (\(errno))\nmessage: \(message)\n\(request)time: \(moment)\n"
        }
    }

    private struct State {
        var entries: [InodeNumber: Entry] = [:]
        var order: [InodeNumber] = []
    }

    /// Directories that are remembered; the one that failed longest ago goes first.
    private static let capacity = 1000

    private let state = Mutex(State())

    subscript(directory: InodeNumber) -> Entry? {
        state.withLock { $0.entries[directory] }
    }

    func note(_ entry: Entry, in directory: InodeNumber) {
        state.withLock { state in
            if state.entries.updateValue(entry, forKey: directory) == nil {
                state.order.append(directory)
            }
            guard state.order.count > Self.capacity else { return }
            state.entries[state.order.removeFirst()] = nil
        }
    }
}

extension Errno {
    /// The C name of the errors that this file system answers with; the number of any other.
    var name: String {
        Self.names[self] ?? "errno \(rawValue)"
    }

    private static let names: [Errno: String] = [
        .permissionDenied: "EACCES", .notPermitted: "EPERM", .noSuchFileOrDirectory: "ENOENT", .fileExists: "EEXIST",
        .readOnlyFileSystem: "EROFS", .invalidArgument: "EINVAL", .fileTooLarge: "EFBIG", .noData: "ENODATA",
        .staleNFSFileHandle: "ESTALE", .timedOut: "ETIMEDOUT", .noRouteToHost: "EHOSTUNREACH", .noSpace: "ENOSPC",
        .interrupted: "EINTR", .ioError: "EIO", .resourceBusy: "EBUSY", .directoryNotEmpty: "ENOTEMPTY",
        .notSupported: "EOPNOTSUPP", .notDirectory: "ENOTDIR", .isDirectory: "EISDIR", .fileNameTooLong: "ENAMETOOLONG",
    ]
}
