import Glibc
import SystemPackage

/// The device of a mount that somebody else has made, handed over as standard input.
enum MountedDevice {
    /// `/dev/fuse` as mknod(1) makes it: major 10 for devices without a major of their own, minor 229.
    private static let number: dev_t = 10 << 8 | 229

    /// Takes the device off standard input, which is empty afterwards. The descriptor closes on exec.
    static func take() throws(CommandFailure) -> CInt {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == number else {
            throw CommandFailure("--mounted: standard input is not /dev/fuse", status: .usage)
        }
        let device = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard device >= 0, null >= 0, dup2(null, STDIN_FILENO) == STDIN_FILENO else {
            throw CommandFailure("can't take over the mount: \(Errno(rawValue: errno))")
        }
        close(null)
        return device
    }
}
