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
}
