import FUSEAdapter
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import basespacefs

@Suite("Mounts of basespacefs")
struct BaseSpaceMountsTests {
    @Test("Only our mounts are listed; of several on one directory the top one counts, and own ones are the user's")
    func ourMounts() {
        let table = MountTable(
            parsing: """
                22 27 0:20 / /proc rw,nosuid shared:12 - proc proc rw
                95 27 0:54 / /mnt/data rw shared:50 - fuse.basespacefs api.example rw,user_id=\(geteuid()),group_id=100
                96 27 0:55 / /mnt/other rw - fuse.sshfs host: rw,user_id=\(geteuid())
                97 27 0:56 / /mnt/data rw master:1 shared:2 - fuse.basespacefs api.example rw,user_id=4242
                98 27 0:57 / /mnt/data rw - fuse.sshfs host: rw,user_id=4242
                """
        )
        let mounts = BaseSpaceMounts(in: table)
        #expect(mounts.entries.map(\.device) == ["0:54", "0:56"])
        #expect(mounts.own.map(\.device) == ["0:54"])
        #expect(mounts["/mnt/data"]?.device == "0:56")
        #expect(mounts["/mnt/other"] == nil)
        #expect(mounts.mount(containing: "/mnt/data/Projects/P")?.device == "0:56")
        #expect(mounts.mount(containing: "/mnt/database") == nil)
    }

    @Test("A mount point is located without touching the directory itself")
    func locate() throws {
        let directory = try TemporaryDirectory(prefix: "locate")
        try #require(mkdir(directory.file("real").string, 0o700) == 0)
        try #require(symlink("real", directory.file("link").string) == 0)
        let located = try MountPoint.locate("\(directory.path)/link/./gone/")
        #expect(located == directory.file("real").appending("gone"))
        #expect(throws: CommandFailure.self) { try MountPoint.locate("\(directory.path)/none/gone") }
    }

    @Test("Who holds a directory is found by what is open there")
    func holders() throws {
        let directory = try TemporaryDirectory(prefix: "holders")
        let path = try directory.write([1], to: "reads.bam")
        let descriptor = open(path.string, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let holder = try #require(MountHolder.all(under: directory.path).first { $0.pid == Int(getpid()) })
        #expect(holder.path == path.string)
        #expect(MountHolder.all(under: directory.file("reads")).isEmpty)
    }
}
