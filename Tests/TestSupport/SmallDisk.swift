import Glibc
public import SystemPackage

/// A tmpfs of a few bytes, to see what happens when a disk is full or read-only. Needs root.
public final class SmallDisk: Sendable {
    /// Where it is mounted.
    public let path: FilePath
    private let directory: TemporaryDirectory

    /// Whether this process may mount.
    public static let isAvailable = (try? SmallDisk(bytes: 1 << 20)) != nil

    /// Mounts an empty disk.
    public init(bytes: Int) throws(Errno) {
        guard let directory = try? TemporaryDirectory(prefix: "small-disk") else { throw .ioError }
        self.directory = directory
        path = directory.path
        guard mount("tmpfs", path.string, "tmpfs", 0, "size=\(bytes)") == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    deinit {
        umount2(path.string, CInt(MNT_DETACH))
    }

    /// Makes it larger or smaller, but not smaller than what is on it.
    public func resize(to bytes: Int) throws(Errno) {
        guard mount("tmpfs", path.string, "tmpfs", UInt(MS_REMOUNT), "size=\(bytes)") == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    /// From now on every change fails with EROFS.
    public func makeReadOnly() throws(Errno) {
        guard mount("tmpfs", path.string, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else {
            throw Errno(rawValue: errno)
        }
    }
}
