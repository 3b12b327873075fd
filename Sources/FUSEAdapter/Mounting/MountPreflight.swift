import CFUSE
import Glibc
import SystemPackage

/// Looks for what would make a mount fail, before libfuse and `fusermount3` print lines of their own about it.
struct MountPreflight {
    var device: FilePath = "/dev/fuse"
    var configuration: FilePath = "/etc/fuse.conf"
    var mountTable: FilePath = "/proc/self/mountinfo"
    /// Where `fusermount3` is looked for; Debian's libfuse tries `/usr/bin` first, then `PATH`.
    var searchPath: [FilePath] = {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return ["/usr/bin"] + path.split(separator: ":").map { FilePath(String($0)) }
    }()
    var isRoot: Bool = geteuid() == 0

    /// Checks a mount point and options; returns the mount point as an absolute path without symbolic links.
    func check(_ mountPoint: FilePath, options: [String]) throws(MountError) -> FilePath {
        let canonical = try checkMountPoint(mountPoint)
        try checkDevice()
        if !isRoot {
            try checkFusermount()
            try checkAllowOther(options)
            guard access(canonical.string, W_OK) == 0 else {
                throw MountError(
                    .mountPointPermissionDenied,
                    "cannot mount on \(mountPoint): you may not write to it; mount on a directory of your own"
                )
            }
        }
        return canonical
    }

    private func checkMountPoint(_ mountPoint: FilePath) throws(MountError) -> FilePath {
        var status = stat()
        guard stat(mountPoint.string, &status) == 0 else {
            throw Self.unusable(mountPoint, Errno(rawValue: errno))
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw MountError(.mountPointNotADirectory, "cannot mount on \(mountPoint): it is not a directory")
        }
        guard let resolved = realpath(mountPoint.string, nil) else {
            throw Self.unusable(mountPoint, Errno(rawValue: errno))
        }
        defer { free(resolved) }
        let canonical = FilePath(String(cString: resolved))
        // Other file systems may be mounted there: containers get their directories that way.
        if let mounted = MountTable(at: mountTable)[canonical], mounted.isFUSE {
            if MountTable.isStale(canonical) { throw Self.unusable(mountPoint, .socketNotConnected) }
            throw MountError(
                .alreadyMounted,
                "cannot mount on \(mountPoint): it is busy, a \(mounted.type) file system is mounted there; "
                    + "unmount it with `fusermount3 -u \(canonical)`"
            )
        }
        return canonical
    }

    /// What the errno of `stat` on the mount point means.
    static func unusable(_ mountPoint: FilePath, _ errno: Errno) -> MountError {
        switch errno {
        case .noSuchFileOrDirectory:
            MountError(
                .mountPointMissing,
                "cannot mount on \(mountPoint): it does not exist; create it with `mkdir -p \(mountPoint)`"
            )
        case .notDirectory:
            MountError(.mountPointNotADirectory, "cannot mount on \(mountPoint): part of the path is not a directory")
        case .socketNotConnected:
            MountError(
                .staleMount,
                "cannot mount on \(mountPoint): the process of an earlier mount has died (Transport endpoint is not "
                    + "connected); clear it with `fusermount3 -uz \(mountPoint)`"
            )
        default:
            MountError(.mountPointPermissionDenied, "cannot mount on \(mountPoint): \(errno)")
        }
    }

    private func checkDevice() throws(MountError) {
        let descriptor = Glibc.open(device.string, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unusableDevice(device, Errno(rawValue: errno)) }
        close(descriptor)
    }

    /// What the errno of `open` on the device means.
    static func unusableDevice(_ device: FilePath, _ errno: Errno) -> MountError {
        switch errno {
        case .permissionDenied, .notPermitted:
            MountError(
                .devicePermissionDenied,
                "cannot mount: no permission to open \(device); give users access with `chmod 666 \(device)`, or start "
                    + "the container with `--device \(device) --cap-add SYS_ADMIN`"
            )
        case .noSuchFileOrDirectory, .noSuchAddressOrDevice, Errno(rawValue: ENODEV):
            MountError(
                .noDevice,
                "cannot mount: there is no \(device); load the kernel's module with `modprobe fuse`, or start the "
                    + "container with `--device \(device) --cap-add SYS_ADMIN`"
            )
        default:
            MountError(.refused, "cannot mount: \(device) can't be opened: \(errno)")
        }
    }

    private func checkFusermount() throws(MountError) {
        guard searchPath.contains(where: { access($0.appending("fusermount3").string, X_OK) == 0 }) else {
            throw MountError(
                .fusermountMissing,
                "cannot mount as a user: fusermount3 is not installed; install it with `apt-get install fuse3`"
            )
        }
    }

    private func checkAllowOther(_ options: [String]) throws(MountError) {
        let words = options.flatMap { $0.split(separator: ",") }
        guard let option = words.first(where: { $0 == "allow_other" || $0 == "allow_root" }) else { return }
        let lines = SmallFile.read(configuration)?.split(whereSeparator: \.isNewline) ?? []
        guard lines.contains(where: { $0.split(whereSeparator: \.isWhitespace) == ["user_allow_other"] }) else {
            throw MountError(
                .allowOtherNotPermitted,
                "cannot mount with \(option): \(configuration) does not permit it to users; have root add the line "
                    + "`user_allow_other` to it"
            )
        }
    }
}
