public import SystemPackage

/// Why a cache can't be used as it was asked for. Only opening a cache throws; a cache that is open never fails.
public struct BlockCacheError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Wrapped: String {
            case unusableDirectory
            case unsafeDirectory
            case limitTooSmall
            case outOfResources
        }

        private let wrapped: Wrapped

        /// The directory can't be created or opened.
        public static let unusableDirectory = Code(wrapped: .unusableDirectory)
        /// The directory belongs to somebody else, or others may write to it.
        public static let unsafeDirectory = Code(wrapped: .unsafeDirectory)
        /// The limit is smaller than one block.
        public static let limitTooSmall = Code(wrapped: .limitTooSmall)
        /// The system has no descriptor, memory or thread left.
        public static let outOfResources = Code(wrapped: .outOfResources)

        /// The code's name.
        public var description: String { wrapped.rawValue }
    }

    /// What kind of failure it is.
    public let code: Code
    /// One line: what failed on what, and what to do.
    public let message: String
    /// The system's error, where there was one.
    public let errno: Errno?

    init(_ code: Code, _ message: String, errno: Errno? = nil) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    /// The message.
    public var description: String { message }
}
