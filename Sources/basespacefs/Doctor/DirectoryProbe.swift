import Glibc
import SystemPackage

/// A directory that is to hold files, whether it is there yet or not.
struct DirectoryProbe: Equatable {
    /// File systems that matter for what is kept on them.
    enum Kind: Equatable {
        case local
        /// Another machine's.
        case network(String)
        /// Gone when the machine ends.
        case memory(String)
    }

    var path: FilePath
    /// The nearest directory above that exists, or the directory itself.
    var existing: FilePath
    /// Why nothing can be made there.
    var refusal: Errno?
    /// Bytes that this user can still write there.
    var free: Int64
    var kind: Kind

    init(path: FilePath, existing: FilePath, refusal: Errno? = nil, free: Int64, kind: Kind = .local) {
        self.path = path
        self.existing = existing
        self.refusal = refusal
        self.free = free
        self.kind = kind
    }

    /// Looks at an absolute path.
    init(_ path: FilePath) {
        self.path = path
        existing = path
        var status = stat()
        while stat(existing.string, &status) != 0, errno == ENOENT, existing.removeLastComponent() {}
        if stat(existing.string, &status) != 0 {
            refusal = Errno(rawValue: errno)
        } else if status.st_mode & S_IFMT != S_IFDIR {
            refusal = .notDirectory
        } else if access(existing.string, W_OK | X_OK) != 0 {
            refusal = Errno(rawValue: errno)
        }
        var space = statvfs()
        free = statvfs(existing.string, &space) == 0 ? Int64(space.f_bavail) * Int64(space.f_frsize) : 0
        kind = Self.kind(ofDevice: status.st_dev, mounts: ProcFiles.text("/proc/self/mountinfo") ?? "")
    }

    /// By the type that the table of mounts (proc(5)) has for a device; a device that is not in it is a local disk's.
    static func kind(ofDevice device: dev_t, mounts table: String) -> Kind {
        let number = "\(device >> 8 & 0xFFF | device >> 32 & ~0xFFF):\(device & 0xFF | device >> 12 & 0xFFFF_FF00)"
        for line in table.split(separator: "\n") {
            // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == number, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count
            else { continue }
            let type = String(fields[dash + 1])
            if memoryTypes.contains(type) { return .memory(type) }
            return networkTypes.contains(type) || type.hasPrefix("fuse.") ? .network(type) : .local
        }
        return .local
    }

    private static let memoryTypes: Set = ["tmpfs", "ramfs"]
    private static let networkTypes: Set = [
        "nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "afs", "9p", "virtiofs", "fuse",
    ]
}
