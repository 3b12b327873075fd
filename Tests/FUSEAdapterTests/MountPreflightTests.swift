import SystemPackage
import TestSupport
import Testing

@testable import FUSEAdapter

struct MountPreflightTests {
    /// The error of a check on a directory that could be mounted on.
    private func code(options: [String] = [], _ adjust: (inout MountPreflight) throws -> Void) throws -> MountError
        .Code?
    {
        let directory = try TemporaryDirectory()
        var preflight = MountPreflight()
        try adjust(&preflight)
        do throws(MountError) {
            _ = try preflight.check(directory.path, options: options)
            return nil
        } catch {
            #expect(!error.description.contains("\n"))
            return error.code
        }
    }

    @Test func `A usable directory passes, and comes back without symbolic links`() throws {
        let directory = try TemporaryDirectory()
        try directory.write([1], to: "not empty")
        let path = directory.path.appending("x/..").appending(directory.path.lastComponent?.string ?? "")
        #expect(throws: MountError.self) { try MountPreflight().check(path, options: []) }
        #expect(try MountPreflight().check(directory.path.appending("."), options: []) == directory.path)
    }

    @Test func `A missing mount point is named, with what to do`() throws {
        let directory = try TemporaryDirectory()
        let missing = directory.file("missing")
        let error = #expect(throws: MountError.self) { try MountPreflight().check(missing, options: []) }
        #expect(error?.code == .mountPointMissing)
        #expect(
            error?.description == "cannot mount on \(missing): it does not exist; create it with `mkdir -p \(missing)`"
        )
    }

    @Test func `A file is no mount point`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write([], to: "file")
        for path in [file, file.appending("below")] {
            let error = #expect(throws: MountError.self) { try MountPreflight().check(path, options: []) }
            #expect(error?.code == .mountPointNotADirectory)
        }
    }

    @Test func `A dead mount is told apart, with how to clear it`() {
        let error = MountPreflight.unusable("/mnt", .socketNotConnected)
        #expect(error.code == .staleMount)
        #expect(error.description.contains("Transport endpoint is not connected"))
        #expect(error.description.contains("`fusermount3 -uz /mnt`"))
    }

    @Test func `A missing device and a forbidden one are told apart`() throws {
        #expect(try code { $0.device = "/dev/no-such-fuse" } == .noDevice)
        #expect(MountPreflight.unusableDevice("/dev/fuse", .permissionDenied).code == .devicePermissionDenied)
        #expect(MountPreflight.unusableDevice("/dev/fuse", .notPermitted).code == .devicePermissionDenied)
    }

    @Test func `Users need fusermount3, root does not`() throws {
        #expect(
            try code {
                $0.searchPath = ["/nowhere"]
                $0.isRoot = false
            } == .fusermountMissing
        )
        #expect(try code { $0.searchPath = [] } == nil)
    }

    @Test(arguments: ["", "#user_allow_other\n", "user_allow_others\n"])
    func `Users may mount with allow_other only if the configuration says so`(text: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(text.utf8, to: "fuse.conf")
        let forbidden = try code(options: ["ro,allow_other"]) {
            $0.configuration = file
            $0.isRoot = false
        }
        #expect(forbidden == .allowOtherNotPermitted)

        try directory.write((text + "  user_allow_other \n").utf8, to: "fuse.conf")
        let permitted = try code(options: ["allow_other"]) {
            $0.configuration = file
            $0.isRoot = false
        }
        #expect(permitted == nil)
    }

    @Test func `Lines of mountinfo parse, with escapes and optional fields`() {
        let table = MountTable(
            parsing: """
                36 35 0:98 / /mnt/two\\040words rw,noatime master:1 shared:2 - fuse.sshfs host: rw,user_id=1000,group_id=1
                37 35 0:99 / /mnt rw
                38 35 0:20 / /proc rw shared:12 - proc

                39 36 0:97 / /mnt/two\\040words rw - fuse base rw,allow_other
                """
        )
        let words = "/mnt/two words"
        #expect(
            table.entries == [
                .init(device: "0:98", mountPoint: words, type: "fuse.sshfs", userID: 1000),
                .init(device: "0:20", mountPoint: "/proc", type: "proc"),
                .init(device: "0:97", mountPoint: words, type: "fuse"),
            ]
        )
        #expect(table[FilePath(words)] == table.entries[2], "the one on top")
        #expect(table["/mnt"] == nil)
    }

    @Test func `The topmost of several mounts counts, and other file systems are no obstacle`() throws {
        let directory = try TemporaryDirectory()
        func table(_ types: String...) throws -> FilePath {
            let lines = types.map { "1 2 0:\($0.count) / \(directory.path) rw - \($0) x rw\n" }
            return try directory.write(lines.joined().utf8, to: "mountinfo")
        }
        var preflight = MountPreflight()
        preflight.mountTable = try table("fuse", "tmpfs")
        #expect(try preflight.check(directory.path, options: []) == directory.path)
        preflight.mountTable = try table("tmpfs", "fuse.x")
        let error = #expect(throws: MountError.self) { try preflight.check(directory.path, options: []) }
        #expect(error?.code == .alreadyMounted)
    }
}
