import FUSEAdapter
import Glibc
import SystemPackage

/// The machine and the user, as far as checks look at them: as they are, or as a test wants them.
struct DoctorSurroundings {
    var environment = ProcessEnvironment.all
    /// Who mounts.
    var user = geteuid()
    var currentDirectory: FilePath = "/"
    var fuseDevice: FilePath = "/dev/fuse"
    var fuseConfiguration: FilePath = "/etc/fuse.conf"
    /// Where libfuse looks for `fusermount3` before it looks in `PATH`.
    var fusermountDirectory: FilePath = "/usr/bin"
    /// Whose programs the set-user-id bit of counts.
    var privilegedUser: uid_t = 0
    /// The text of `/proc/self/status`.
    var processStatus = ProcFiles.text("/proc/self/status") ?? ""
    /// As `uname -r` tells it.
    var kernelRelease = (ProcFiles.text("/proc/sys/kernel/osrelease") ?? "").trimmed
    /// The settings of the kernel's FUSE.
    var fuseSettings: FilePath = "/proc/sys/fs/fuse"
    /// Descriptors that a process of this user may have open, at most.
    var descriptorLimit = Self.hardLimit(RLIMIT_NOFILE)
    /// Bytes of a file that this process writes, at most.
    var fileSizeLimit = Self.hardLimit(RLIMIT_FSIZE)
    /// The mounts of this user.
    var mounts: [MountTable.Entry] = BaseSpaceMounts.current().own

    /// Whether the user is root.
    var isRoot: Bool { user == 0 }

    /// A field of `/proc/self/status`.
    func status(_ field: String) -> String? {
        let line = processStatus.split(separator: "\n").first { $0.hasPrefix("\(field):") }
        return line.map { String($0.dropFirst(field.utf8.count + 1)).trimmed }
    }

    private static func hardLimit(_ resource: __rlimit_resource) -> UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_max != ~rlim_t(0) else {
            return nil
        }
        return UInt64(limit.rlim_max)
    }
}
