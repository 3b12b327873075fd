/// The number of an inode, as the kernel and every tool that calls `stat` see it.
///
/// The numbers of what the service holds are derived from its ids, and those of files from their ETags too, so they are the
/// same after a remount and `rsync` or `tar --listed-incremental` recognise a file they have seen before.
public struct InodeNumber: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number; 0 is never used, 1 is the root.
    public let rawValue: UInt64

    /// Wraps a number that came from the kernel.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The root of the mount: `FUSE_ROOT_ID`.
    public static let root = InodeNumber(rawValue: 1)

    public var description: String { "inode \(rawValue)" }
}
