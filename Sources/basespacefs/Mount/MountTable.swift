import Glibc
import SystemPackage

/// The mounts that this process sees, from `/proc/self/mountinfo`. Reading it touches none of them, so a dead or a
/// slow mount is no trouble.
struct MountTable {
    /// A mount of basespacefs.
    struct Entry: Equatable {
        /// Where it is mounted.
        var mountPoint: String
        /// Device number of its files (`major:minor`), unique on this machine.
        var device: String
        /// The user who mounted it.
        var userID: UInt32?
    }

    /// The mounts of basespacefs, in the order they were made.
    let entries: [Entry]

    /// The type of file system that marks our mounts.
    static let fileSystemType = "fuse.basespacefs"

    /// Reads the table of this process.
    static func current() -> MountTable {
        MountTable(parsing: ProcFiles.text("/proc/self/mountinfo") ?? "")
    }

    /// Reads a table as proc(5) describes it.
    init(parsing text: String) {
        entries = text.split(separator: "\n").compactMap { line in
            // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            let fields = line.split(separator: " ").map(String.init)
            guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 3,
                fields[dash + 1] == Self.fileSystemType
            else { return nil }
            let user = fields[dash + 3].split(separator: ",").first { $0.hasPrefix("user_id=") }
            return Entry(
                mountPoint: Self.unescaped(fields[4]),
                device: fields[2],
                userID: user.flatMap { UInt32($0.dropFirst("user_id=".count)) }
            )
        }
    }

    /// The mount on top at a mount point.
    subscript(mountPoint: FilePath) -> Entry? {
        entries.last { $0.mountPoint == mountPoint.string }
    }

    /// Space, tab, newline and backslash are written as octal numbers.
    private static func unescaped(_ field: String) -> String {
        var result: [UInt8] = []
        var bytes = Array(field.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\\"), bytes.count >= 3,
                let value = UInt8(String(decoding: bytes.prefix(3), as: UTF8.self), radix: 8)
            {
                result.append(value)
                bytes = bytes.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
