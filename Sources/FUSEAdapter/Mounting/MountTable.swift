import CFUSE
import Glibc
public import SystemPackage

/// The mounts that this process sees, from `/proc/self/mountinfo`. Reading it touches none of them, so a dead or a
/// slow mount is no trouble.
public struct MountTable {
    /// A line of it: what is mounted where.
    public struct Entry: Hashable {
        /// The device number as `MAJOR:MINOR`, unique on this machine, which is also its directory's name in
        /// `/sys/class/bdi`.
        public var device: String
        /// The mounted directory, an absolute path without symbolic links.
        public var mountPoint: String
        /// The type, like `ext4` or `fuse.basespacefs`.
        public var type: String
        /// The user who mounted it; `nil` when the file system does not tell. Those of FUSE do.
        public var userID: UInt32?

        public init(device: String, mountPoint: String, type: String, userID: UInt32? = nil) {
            self.device = device
            self.mountPoint = mountPoint
            self.type = type
            self.userID = userID
        }

        var isFUSE: Bool { type == "fuse" || type.hasPrefix("fuse.") }
    }

    /// The mounts, in the order they were made.
    public let entries: [Entry]

    /// The table of this process; empty when it can't be read.
    public static func current() -> MountTable {
        MountTable(at: "/proc/self/mountinfo")
    }

    init(at path: FilePath) {
        self.init(parsing: SmallFile.read(path) ?? "")
    }

    /// Reads a table as proc(5) describes it, and passes over lines of another form.
    public init(parsing text: String) {
        entries = text.split(separator: "\n").compactMap(Entry.init(line:))
    }

    /// What is mounted on a directory, the topmost if there are several; `nil` when nothing is.
    public subscript(mountPoint: FilePath) -> Entry? {
        entries.last { $0.mountPoint == mountPoint.string }
    }

    /// Whether a FUSE mount has lost its process. Asks by `statfs`, since the kernel may still know the answer to
    /// `stat`; a process that lives and hangs makes the caller wait.
    static func isStale(_ mountPoint: FilePath) -> Bool {
        var status = statvfs()
        return statvfs(mountPoint.string, &status) != 0 && errno == ENOTCONN
    }
}

extension MountTable.Entry {
    /// Parses a line such as
    /// `36 35 0:98 /mnt1 /mnt2 rw,noatime master:1 - fuse.sshfs host: rw,user_id=1000,group_id=1000` (proc(5)).
    init?(line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count > 5, let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count else {
            return nil
        }
        device = String(fields[2])
        mountPoint = Self.unescape(fields[4])
        type = String(fields[separator + 1])
        let user = fields.last?.split(separator: ",").first { $0.hasPrefix("user_id=") }
        userID = user.flatMap { UInt32($0.dropFirst("user_id=".count)) }
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
