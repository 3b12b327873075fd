/// Why a mount could not be made: one line that says what failed on what, and what to do about it.
public struct MountError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: Hashable, Sendable {
        /// `/dev/fuse` does not exist.
        case noDevice
        /// `/dev/fuse` may not be opened.
        case devicePermissionDenied
        /// The mount point does not exist.
        case mountPointMissing
        /// The mount point is no directory.
        case mountPointNotADirectory
        /// The user may not mount there.
        case mountPointPermissionDenied
        /// A FUSE file system is mounted there already.
        case alreadyMounted
        /// A FUSE file system is mounted there whose process has died.
        case staleMount
        /// A user who is not root needs `fusermount3` to mount.
        case fusermountMissing
        /// `/etc/fuse.conf` does not let users mount with `allow_other`.
        case allowOtherNotPermitted
        /// libfuse does not know an option.
        case invalidOptions
        /// The kernel or `fusermount3` refused for another reason.
        case refused
    }

    /// What kind of failure it is.
    public let code: Code
    /// The line.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
