import SystemPackage

/// What the kernel can do for a mount.
struct KernelCheck: Check {
    static let name = "kernel"
    private let surroundings: DoctorSurroundings

    init(_ surroundings: DoctorSurroundings) {
        self.surroundings = surroundings
    }

    /// A version of Linux.
    private struct Version: Comparable {
        var major: Int
        var minor: Int

        init(_ major: Int, _ minor: Int) {
            (self.major, self.minor) = (major, minor)
        }

        /// Reads `6.18.44-fc`.
        init?(_ release: String) {
            let numbers = release.split(separator: ".").prefix(2).map { Int($0.prefix { $0.isNumber }) }
            guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
            self.init(major, minor)
        }

        static func < (left: Version, right: Version) -> Bool {
            (left.major, left.minor) < (right.major, right.minor)
        }
    }

    /// Debian 11's: nothing older is tried by anybody.
    private static let oldest = Version(5, 10)
    /// FUSE_DIRECT_IO_ALLOW_MMAP.
    private static let mapsWritten = Version(6, 6)
    /// Backing files that the kernel reads by itself.
    private static let passthrough = Version(6, 9)
    /// CAP_SYS_ADMIN in a set of capabilities.
    private static let administrator: UInt64 = 1 << 21

    func run() -> Finding {
        let release = surroundings.kernelRelease
        guard let version = Version(release) else {
            return warning("'\(release)' is no version of Linux that is known", "use Linux 5.10 or later")
        }
        guard version >= Self.oldest else {
            return warning("Linux \(release) is older than any that basespacefs is used with", "use 5.10 or later")
        }
        // A kernel that breaks off what takes long ends the mount with it, and closing a file waits for its upload.
        for name in ["default_request_timeout", "max_request_timeout"] {
            let path = surroundings.fuseSettings.appending(name)
            guard let seconds = ProcFiles.text(path.string).flatMap({ Int($0.trimmed) }), seconds > 0 else { continue }
            return warning(
                "the kernel ends a mount in which a request takes more than \(seconds) s (fs.fuse.\(name)), as closing a "
                    + "large upload may",
                "have root say `sysctl fs.fuse.\(name)=0`, or mount with --upload-policy background"
            )
        }
        return ok("Linux \(release); \(features(version).joined(separator: "; "))")
    }

    private func features(_ version: Version) -> [String] {
        let capabilities = surroundings.status("CapEff").flatMap { UInt64($0, radix: 16) } ?? 0
        let reading =
            switch (version >= Self.passthrough, capabilities & Self.administrator != 0) {
            case (true, true): "it reads files that are whole in the cache by itself"
            case (true, false):
                "it would read files that are whole in the cache by itself for root (CAP_SYS_ADMIN) only"
            case (false, _): "from 6.9 on it would read files that are whole in the cache by itself, for root"
            }
        let mapping = version >= Self.mapsWritten ? nil : "files that are being written can't be mapped before 6.6"
        return [reading] + [mapping].compactMap(\.self)
    }
}

/// Whether a process of this user may have as much as a mount needs.
struct LimitsCheck: Check {
    static let name = "limits"
    private let surroundings: DoctorSurroundings

    init(_ surroundings: DoctorSurroundings) {
        self.surroundings = surroundings
    }

    /// Connections, the cache, the journal and a few open files. A mount that has less fails sooner or later.
    private static let fewest: UInt64 = 256
    /// An open file takes two descriptors of the cache and one for the kernel: room for a thousand of them.
    private static let enough: UInt64 = 4096

    func run() -> Finding {
        if let limit = surroundings.descriptorLimit, limit < Self.enough {
            let finding = "a process may have \(limit) files open; a mount takes three for each file that is open in it"
            let advice =
                "raise the hard limit to \(Self.enough) or more (/etc/security/limits.conf, LimitNOFILE= of a service, "
                + "--ulimit nofile= of a container)"
            return limit < Self.fewest ? failure(finding, advice) : warning(finding, advice)
        }
        if let limit = surroundings.fileSizeLimit {
            return warning(
                "files that are written can't be larger than \(ByteSize(bytes: Int64(clamping: limit)).approximate)",
                "raise the limit with `ulimit -f unlimited`"
            )
        }
        return ok("\(surroundings.descriptorLimit.map(String.init) ?? "any number of") open files")
    }
}
