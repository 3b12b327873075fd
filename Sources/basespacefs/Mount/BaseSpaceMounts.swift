import FUSEAdapter
import Glibc
import SystemPackage

/// Those of the mounts that this process sees which are mounts of basespacefs.
struct BaseSpaceMounts {
    /// In the order they were made.
    let entries: [MountTable.Entry]

    /// The type of file system that marks them.
    static let fileSystemType = "fuse.basespacefs"

    init(in table: MountTable) {
        entries = table.entries.filter { $0.type == Self.fileSystemType }
    }

    /// Those there are now.
    static func current() -> BaseSpaceMounts {
        BaseSpaceMounts(in: .current())
    }

    /// Those that the user of this process has mounted.
    var own: [MountTable.Entry] { entries.filter { $0.userID == geteuid() } }

    /// The mount on top at a mount point, among these.
    subscript(mountPoint: FilePath) -> MountTable.Entry? {
        entries.last { $0.mountPoint == mountPoint.string }
    }

    /// The mount that a path without symbolic links is in, among these.
    func mount(containing path: FilePath) -> MountTable.Entry? {
        // From the back: of several on one directory the last one is on top.
        entries.reversed().filter { path.starts(with: FilePath($0.mountPoint)) }
            .max { $0.mountPoint.utf8.count < $1.mountPoint.utf8.count }
    }

    /// The mount that a path leads into, among these.
    func mount(of path: String) -> MountTable.Entry? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return mount(containing: FilePath(String(cString: resolved)))
    }
}
