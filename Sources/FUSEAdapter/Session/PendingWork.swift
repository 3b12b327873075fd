import BaseSpaceFileSystem

/// What answers a request later, and can be told to hurry up.
enum PendingWork: Sendable {
    /// An operation that runs as a task.
    case task(Task<Void, Never>)
    /// A read that waits for its bytes.
    case read(any PendingRead)

    func cancel() {
        switch self {
        case .task(let task): task.cancel()
        case .read(let read): read.cancel()
        }
    }
}
