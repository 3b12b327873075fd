public import BaseSpaceAPI

/// Why bytes of a remote file could not be read.
public struct RemoteReadError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a reader can tell apart.
    public enum Code: Sendable, Hashable {
        /// The content is not the one that was opened: its ETag changed, or its size.
        case changed
        /// The object store refuses, also with a fresh URL.
        case denied
        /// The file is gone.
        case gone
        /// The content is archived and has to be restored first.
        case archived
        /// The bytes did not come before the deadline.
        case timedOut
        /// The object store or the service can't be reached.
        case unreachable
        /// The reader gave up.
        case cancelled
        /// The service refused to say where the content is; `service` tells why.
        case service
        /// Answers that make no sense, again and again.
        case unusable
    }

    /// What kind of failure it is.
    public let code: Code
    /// One line: what failed on which file, and what to do.
    public let message: String
    /// What the service said, where it said anything.
    public let service: BaseSpaceError?

    init(_ code: Code, _ message: String, service: BaseSpaceError? = nil) {
        self.code = code
        self.message = message
        self.service = service
    }

    public var description: String { message }
}
