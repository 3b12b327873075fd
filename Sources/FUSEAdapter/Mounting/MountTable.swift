import CFUSE
import Glibc
import SystemPackage

/// A line of `/proc/self/mountinfo`: what is mounted where. Reading it asks no file system, so one that hangs does no
/// harm.
struct MountTableEntry: Hashable {
    /// The device number as `MAJOR:MINOR`, which is also its directory's name in `/sys/class/bdi`.
    var device: String
    /// The mounted directory, an absolute path without symbolic links.
    var mountPoint: String
    /// The type, like `ext4` or `fuse.basespacefs`.
    var type: String

    var isFUSE: Bool { type == "fuse" || type.hasPrefix("fuse.") }
}

extension MountTableEntry {
    /// Parses a line such as
    /// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue` (proc(5)).
    init?(line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count > 5, let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count else {
            return nil
        }
        device = String(fields[2])
        mountPoint = Self.unescape(fields[4])
        type = String(fields[separator + 1])
    }

    /// Undoes the kernel's `\040` for a space (and tab, newline, backslash alike).
    private static func unescape(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(rest.prefix(3)) ?? "", radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The mounts that this process sees.
enum MountTable {
    /// Whether a FUSE mount has lost its process. Asks by `statfs`, since the kernel may still know the answer to
    /// `stat`; a process that lives and hangs makes the caller wait.
    static func isStale(_ mountPoint: FilePath) -> Bool {
        var status = statvfs()
        return statvfs(mountPoint.string, &status) != 0 && errno == ENOTCONN
    }

    /// What is mounted on a directory, the topmost if there are several; `nil` when nothing is.
    static func entry(at mountPoint: FilePath, table: FilePath = "/proc/self/mountinfo") -> MountTableEntry? {
        guard let text = SmallFile.read(table) else { return nil }
        return text.split(separator: "\n").lazy.compactMap(MountTableEntry.init(line:)).last {
            $0.mountPoint == mountPoint.string
        }
    }
}
