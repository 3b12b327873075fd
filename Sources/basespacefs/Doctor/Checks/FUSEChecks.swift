import CLinux
import Glibc
import SystemPackage

/// Whether the kernel's side of FUSE can be opened.
struct FUSEDeviceCheck: Check {
    static let name = "fuse"
    private let device: FilePath

    init(_ surroundings: DoctorSurroundings) {
        device = surroundings.fuseDevice
    }

    func run() -> Finding {
        let descriptor = open(device.string, O_RDWR | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            return ok("\(device) can be opened")
        }
        let reason = Errno(rawValue: errno)
        let container = "in a container, start it with `--device \(device) --cap-add SYS_ADMIN`"
        switch reason {
        case .permissionDenied, .notPermitted:
            return failure("\(device) may not be opened", "give users access with `chmod 666 \(device)`; \(container)")
        case .noSuchFileOrDirectory, .noSuchAddressOrDevice, Errno(rawValue: ENODEV):
            return failure("there is no \(device)", "load the kernel's module with `modprobe fuse`; \(container)")
        default:
            return failure("\(device) can't be opened (\(reason))", container)
        }
    }
}

/// Whether a user who is not root has the program that mounts.
struct FusermountCheck: Check {
    static let name = "fusermount3"
    private let surroundings: DoctorSurroundings

    init(_ surroundings: DoctorSurroundings) {
        self.surroundings = surroundings
    }

    func run() -> Finding {
        let directories = (surroundings.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
        let inPath = directories.map { $0.appending("fusermount3") }.first { access($0.string, X_OK) == 0 }
        let usual = surroundings.fusermountDirectory.appending("fusermount3")
        guard let program = inPath ?? (access(usual.string, X_OK) == 0 ? usual : nil) else {
            guard !surroundings.isRoot else { return ok("it is not installed, and root needs none") }
            return failure(
                "it is not installed, and users can't mount without",
                "install it with `apt-get install fuse3`"
            )
        }
        guard !surroundings.isRoot else { return ok("\(program); root needs none") }
        var status = stat()
        guard stat(program.string, &status) == 0, isPrivileged(program, status) else {
            return failure(
                "\(program) may not mount: it is neither set-user-id of root nor has it CAP_SYS_ADMIN",
                "have root say `chmod u+s \(program)`, or install the package fuse3 anew"
            )
        }
        guard surroundings.status("NoNewPrivs") != "1" else {
            return failure(
                "\(program) may not mount: this process and those that it starts get no new privileges",
                "start the container without no-new-privileges, or the service without NoNewPrivileges="
            )
        }
        guard inPath != nil else {
            return warning(
                "\(program) is not in PATH, where `unmount` looks for it",
                "add \(usual.removingLastComponent())"
            )
        }
        return ok("\(program)")
    }

    private func isPrivileged(_ program: FilePath, _ status: stat) -> Bool {
        if status.st_mode & S_ISUID != 0, status.st_uid == surroundings.privilegedUser { return true }
        var value = [UInt8](repeating: 0, count: 64)
        return CLinux_extendedAttribute(program.string, "security.capability", &value, UInt(value.count)) > 0
    }
}

/// Whether users may let others into their mounts. Few want that, so it is no warning if they may not.
struct AllowOtherCheck: Check {
    static let name = "allow_other"
    private let surroundings: DoctorSurroundings

    init(_ surroundings: DoctorSurroundings) {
        self.surroundings = surroundings
    }

    func run() -> Finding {
        guard !surroundings.isRoot else { return ok("root may say --allow-other") }
        let file = surroundings.fuseConfiguration
        let lines = (ProcFiles.text(file.string) ?? "").split(separator: "\n")
        guard lines.contains(where: { String($0).trimmed == "user_allow_other" }) else {
            return ok("users may not say --allow-other; root permits it with the line `user_allow_other` in \(file)")
        }
        return ok("users may say --allow-other (\(file))")
    }
}
