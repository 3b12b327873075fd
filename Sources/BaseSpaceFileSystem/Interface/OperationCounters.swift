internal import Synchronization
public import SystemPackage

/// What the kernel may ask a file system for.
public enum FileOperation: Int, CaseIterable, Sendable {
    case lookup, forget, mkdir, rmdir, unlink, rename, readlink, symlink, link, mknod
    case getattr, setattr, statfs, getxattr, listxattr, setxattr, removexattr
    case open, create, read, write, fallocate, flush, release, fsync, ioctl
    case opendir, readdir, readdirplus, releasedir, fsyncdir
}

/// The requests of the kernel to one mount.
public struct OperationStatistics: Sendable, Equatable {
    /// Requests that came, by kind; those that never came are missing.
    public var operations: [FileOperation: UInt64] = [:]
    /// Requests that were answered with an error. A name that does not exist is none.
    public var errors: [Errno: UInt64] = [:]
    /// Files that were opened so that the kernel reads them by itself; of these reads nothing is known here.
    public var passthroughOpens: UInt64 = 0

    /// None yet.
    public init() {}
}

/// Counts for `OperationStatistics`. A request that succeeds takes no lock for it.
public final class OperationCounters: Sendable {
    private final class Count: Sendable {
        let value = Atomic<UInt64>(0)
    }

    private let operations = FileOperation.allCases.map { _ in Count() }
    private let passthroughOpens = Atomic<UInt64>(0)
    private let errors = Mutex<[Errno: UInt64]>([:])

    /// Begins at zero.
    public init() {}

    /// A request has come.
    public func count(_ operation: FileOperation) {
        operations[operation.rawValue].value.add(1, ordering: .relaxed)
    }

    /// A request was answered with an error.
    public func count(_ error: Errno) {
        errors.withLock { $0[error, default: 0] += 1 }
    }

    /// A file was opened for the kernel to read.
    public func countPassthrough() {
        passthroughOpens.add(1, ordering: .relaxed)
    }

    /// What came until now.
    public var statistics: OperationStatistics {
        var statistics = OperationStatistics()
        for operation in FileOperation.allCases {
            let count = operations[operation.rawValue].value.load(ordering: .relaxed)
            if count > 0 { statistics.operations[operation] = count }
        }
        statistics.errors = errors.withLock { $0 }
        statistics.passthroughOpens = passthroughOpens.load(ordering: .relaxed)
        return statistics
    }
}
