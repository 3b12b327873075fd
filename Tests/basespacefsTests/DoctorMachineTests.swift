import FUSEAdapter
import Glibc
import SystemPackage
import TestSupport
import Testing
import Uploads

@testable import basespacefs

/// Each check of the machine, as it is well and as it is not.
@Suite("What doctor says of the machine")
struct DoctorMachineTests {
    private let directory: TemporaryDirectory
    /// A user's, on a machine where all is well.
    private var good: DoctorSurroundings

    init() throws {
        directory = try TemporaryDirectory(prefix: "doctor")
        good = DoctorSurroundings()
        good.user = 1000
        good.environment = ["PATH": directory.path.string, "HOME": directory.path.string]
        good.privilegedUser = geteuid()
        good.fuseDevice = try directory.write([], to: "fuse")
        good.fuseConfiguration = directory.file("fuse.conf")
        good.fusermountDirectory = directory.file("bin")
        good.fuseSettings = directory.file("sys")
        good.processStatus = "Name:\tx\nCapEff:\t0000000000000000\nNoNewPrivs:\t0\n"
        good.kernelRelease = "6.9.0"
        good.descriptorLimit = 4096
        good.fileSizeLimit = nil
        good.mounts = []
    }

    /// Makes a program, which can be started, with this mode.
    private func makeFusermount(_ mode: mode_t, in place: String = "fusermount3") throws {
        let program = try directory.write([], to: place)
        chmod(program.string, mode)
    }

    private func changed(_ change: (inout DoctorSurroundings) -> Void) -> DoctorSurroundings {
        var surroundings = good
        change(&surroundings)
        return surroundings
    }

    private func expect(
        _ finding: Finding,
        _ verdict: Finding.Verdict,
        _ words: String,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(finding.verdict == verdict, "\(finding)", sourceLocation: location)
        #expect(finding.words.contains(words), "\(finding)", sourceLocation: location)
        if verdict == .failure { #expect(finding.advice != nil, "it says what to do", sourceLocation: location) }
    }

    @Test("The device is there and opens")
    func device() {
        expect(FUSEDeviceCheck(good).run(), .ok, "can be opened")
        expect(
            FUSEDeviceCheck(changed { $0.fuseDevice = directory.file("none") }).run(),
            .failure,
            "modprobe fuse"
        )
        // A socket, say, opens for nobody.
        expect(FUSEDeviceCheck(changed { $0.fuseDevice = directory.path }).run(), .failure, "can't be opened")
    }

    @Test("fusermount3 is in PATH and may mount, unless root needs none")
    func fusermount() throws {
        expect(FusermountCheck(good).run(), .failure, "apt-get install fuse3")
        expect(FusermountCheck(changed { $0.user = 0 }).run(), .ok, "root needs none")
        try makeFusermount(0o755)
        expect(FusermountCheck(good).run(), .failure, "chmod u+s \(directory.file("fusermount3"))")
        try makeFusermount(0o4755)
        expect(FusermountCheck(good).run(), .ok, "\(directory.file("fusermount3"))")
        expect(FusermountCheck(changed { $0.privilegedUser += 1 }).run(), .failure, "set-user-id of root")
        expect(
            FusermountCheck(changed { $0.processStatus = "NoNewPrivs:\t1\n" }).run(),
            .failure,
            "no-new-privileges"
        )
    }

    @Test("fusermount3 that only libfuse finds is a warning")
    func fusermountOutOfPath() throws {
        mkdir(directory.file("bin").string, 0o755)
        try makeFusermount(0o4755, in: "bin/fusermount3")
        expect(FusermountCheck(good).run(), .warning, "not in PATH")
    }

    @Test("allow_other is said, and no warning")
    func allowOther() throws {
        expect(AllowOtherCheck(good).run(), .ok, "users may not say --allow-other")
        _ = try directory.write(Array("# comment\n#user_allow_other\n".utf8), to: "fuse.conf")
        expect(AllowOtherCheck(good).run(), .ok, "may not")
        _ = try directory.write(Array("mount_max = 9\nuser_allow_other\n".utf8), to: "fuse.conf")
        expect(AllowOtherCheck(good).run(), .ok, "users may say --allow-other")
        expect(AllowOtherCheck(changed { $0.user = 0 }).run(), .ok, "root may")
    }

    @Test("The kernel's version and what it can do")
    func kernel() {
        expect(KernelCheck(good).run(), .ok, "for root (CAP_SYS_ADMIN) only")
        let privileged = changed { $0.processStatus = "CapEff:\t000001ffffffffff\n" }
        expect(KernelCheck(privileged).run(), .ok, "Linux 6.9.0; it reads files that are whole in the cache by itself")
        expect(KernelCheck(changed { $0.kernelRelease = "6.1.0-18-amd64" }).run(), .ok, "can't be mapped before 6.6")
        expect(KernelCheck(changed { $0.kernelRelease = "4.18.0-553.el8" }).run(), .warning, "5.10 or later")
        expect(KernelCheck(changed { $0.kernelRelease = "" }).run(), .warning, "no version of Linux")
    }

    @Test("A kernel that breaks off long requests is a warning", arguments: [("0", false), ("30", true)])
    func timeouts(value: String, isWarning: Bool) throws {
        mkdir(directory.file("sys").string, 0o755)
        _ = try directory.write(Array("\(value)\n".utf8), to: "sys/default_request_timeout")
        let finding = KernelCheck(good).run()
        #expect(finding.verdict == (isWarning ? .warning : .ok))
        #expect(finding.words.contains("sysctl fs.fuse.default_request_timeout=0") == isWarning)
    }

    @Test("Limits that a mount runs into")
    func limits() {
        expect(LimitsCheck(good).run(), .ok, "4096 open files")
        expect(LimitsCheck(changed { $0.descriptorLimit = nil }).run(), .ok, "any number of open files")
        expect(LimitsCheck(changed { $0.descriptorLimit = 1024 }).run(), .warning, "1024 files open")
        expect(LimitsCheck(changed { $0.descriptorLimit = 100 }).run(), .failure, "LimitNOFILE=")
        expect(LimitsCheck(changed { $0.fileSizeLimit = 1 << 30 }).run(), .warning, "can't be larger than 1.0 GiB")
    }

    @Test("Certificates that are named are there")
    func certificates() throws {
        expect(CertificatesCheck(good).run(), .ok, "the system's")
        let file = try directory.write([], to: "ca.pem").string
        expect(CertificatesCheck(changed { $0.environment["SSL_CERT_FILE"] = file }).run(), .ok, file)
        expect(
            CertificatesCheck(changed { $0.environment["CURL_CA_BUNDLE"] = "/none" }).run(),
            .failure,
            "CURL_CA_BUNDLE names /none"
        )
    }

    @Test("The cache's directory: none yet, none possible, or none of the user's")
    func cache() throws {
        let cache = { (surroundings: DoctorSurroundings, named: String?) in
            CacheDirectoryCheck(surroundings, named: named).run()
        }
        #expect(cache(good, nil).verdict != .failure)
        #expect(cache(good, nil).finding.hasPrefix("\(directory.file(".cache/basespacefs"))"))
        #expect(access(directory.file(".cache").string, F_OK) != 0, "nothing is made")
        expect(cache(good, "none"), .ok, "in memory")
        expect(cache(changed { $0.environment["HOME"] = nil }, nil), .failure, "HOME is not set")
        let file = try directory.write([], to: "file").string
        expect(cache(good, "\(file)/below"), .failure, "Not a directory")
        expect(cache(changed { $0.currentDirectory = FilePath(file) }, "relative"), .failure, "\(file)/relative")
    }

    @Test("Disks that are small, remote, or memory")
    func disks() {
        let cache = CacheDirectoryCheck(good, named: nil)
        let staging = StagingDirectoryCheck(good)
        func probe(_ free: Int64, _ kind: DirectoryProbe.Kind = .local, _ refusal: Errno? = nil) -> DirectoryProbe {
            DirectoryProbe(path: "/a/b", existing: "/a", refusal: refusal, free: free, kind: kind)
        }
        expect(
            cache.finding(for: probe(20 << 30), held: 0),
            .ok,
            "/a/b: 0 bytes cached, 2.0 GiB by default, 20.0 GiB free"
        )
        expect(cache.finding(for: probe(1 << 20), held: 0), .warning, "1.0 MiB free, which is little")
        expect(cache.finding(for: probe(1 << 20), held: 2 << 30), .ok, "2.0 GiB cached")
        expect(cache.finding(for: probe(20 << 30, .network("nfs4")), held: 0), .warning, "is on nfs4")
        expect(cache.finding(for: probe(20 << 30, .memory("tmpfs")), held: 0), .warning, "gone with the machine")
        expect(cache.finding(for: probe(1, .local, .readOnlyFileSystem), held: 0), .failure, "Read-only file system")

        expect(staging.finding(for: probe(20 << 30)), .ok, "20.0 GiB free")
        expect(staging.finding(for: probe(100 << 20)), .warning, "100.0 MiB free")
        expect(staging.finding(for: probe(1 << 20)), .failure, "nothing can be written")
        expect(staging.finding(for: probe(20 << 30, .network("nfs"))), .warning, "journal")
        expect(staging.finding(for: probe(20 << 30, .memory("tmpfs"))), .warning, "lost with the machine")
        expect(staging.finding(for: probe(1, .local, .permissionDenied)), .failure, "/a: Permission denied")
        expect(
            StagingDirectoryCheck(changed { $0.environment["HOME"] = nil }).run(),
            .failure,
            "HOME is not set"
        )
    }

    @Test("A directory is looked at where it would be made, and its file system by the table of mounts")
    func probing() throws {
        let probe = DirectoryProbe(directory.file("x/y/z"))
        #expect(probe.existing == directory.path && probe.refusal == nil && probe.free > 0)
        let file = try directory.write([], to: "file")
        #expect(DirectoryProbe(file.appending("below")).refusal == .notDirectory)
        let table = """
            22 1 8:1 / / rw - ext4 /dev/sda1 rw
            36 22 0:300 / /home rw,noatime shared:7 - nfs4 server:/home rw
            37 22 0:26 / /dev/shm rw - tmpfs tmpfs rw
            38 22 0:40 / /sshfs rw - fuse.sshfs x rw

            """
        #expect(DirectoryProbe.kind(ofDevice: 0x801, mounts: table) == .local)
        #expect(DirectoryProbe.kind(ofDevice: 0x10002C, mounts: table) == .network("nfs4"))
        #expect(DirectoryProbe.kind(ofDevice: 26, mounts: table) == .memory("tmpfs"))
        #expect(DirectoryProbe.kind(ofDevice: 40, mounts: table) == .network("fuse.sshfs"))
        #expect(DirectoryProbe.kind(ofDevice: 99, mounts: table) == .local)
    }

    @Test("Files that no mount uploads, and a journal that can't be read")
    func uploads() throws {
        expect(UploadsCheck(good).run(), .ok, "nothing waits")
        let uploads = try UploadsOnDisk()
        _ = try uploads.file("out/a.bam", bytes: 2 << 20, .sealed)
        let surroundings = changed { $0.environment.merge(uploads.environment) { $1 } }
        expect(UploadsCheck(surroundings).run(), .ok, "1 file on the way with a mount")
        uploads.journal.close()
        expect(UploadsCheck(surroundings).run(), .warning, "1 file, 2.0 MiB, not uploaded")
        #expect(mkdir(directory.file("basespacefs").string, 0o700) == 0)
        _ = try directory.write(Array("no database, but long enough to look at".utf8), to: "basespacefs/journal.sqlite")
        let broken = changed { $0.environment["XDG_STATE_HOME"] = directory.path.string }
        #expect(UploadsCheck(broken).run().verdict == .failure)
    }

    @Test("Mounts that don't answer")
    func mounts() {
        expect(MountsCheck(good).run(), .ok, "nothing is mounted")
        let entry = MountTable.Entry(
            device: "0:0",
            mountPoint: directory.path.string,
            type: BaseSpaceMounts.fileSystemType
        )
        expect(
            MountsCheck(changed { $0.mounts = [entry] }).run(),
            .warning,
            "\(directory.path): is served by a version"
        )
        expect(
            MountsCheck(changed { $0.mounts = [entry, entry] }).run(),
            .warning,
            "0 of 2 answer; \(directory.path): is served by a version"
        )
    }
}
