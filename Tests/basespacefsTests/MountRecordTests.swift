import Glibc
import SystemPackage
import Testing

@testable import basespacefs

@Suite("The record of a running mount")
struct MountRecordTests {
    /// No device has this number, so no mount of this machine is disturbed.
    private let device = "test:\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    @Test("What is written is read back")
    func content() {
        let contents = [
            MountRecord.Content(pid: 12),
            MountRecord.Content(pid: 12, progress: "uploading 2 files, 1.5 GiB"),
            MountRecord.Content(pid: 12, failure: "left with 2 files"),
        ]
        for content in contents {
            #expect(MountRecord.Content(parsing: content.text) == content)
        }
        #expect(MountRecord.Content(parsing: "nonsense\nnext 1\n\npid x") == MountRecord.Content(pid: 0))
        #expect(MountRecord.Content(pid: 1, failure: "a\nb").text == "pid 1\nfailure a b\n")
    }

    @Test("A mount that gets the device number of one which still uploads has a record of its own")
    func reusedDevice() throws {
        let first = try MountRecord.Writer(device: device)
        let waiting = try #require(MountRecord.Reader(device: device, user: geteuid()))
        let second = try MountRecord.Writer(device: device)
        first.write(MountRecord.Content(pid: getpid(), progress: "uploading"))
        #expect(waiting.content.progress == "uploading")
        first.remove()
        let reader = try #require(MountRecord.Reader(device: device, user: geteuid()))
        #expect(reader.content == MountRecord.Content(pid: getpid()))
        second.remove()
        #expect(MountRecord.Reader(device: device, user: geteuid()) == nil)
    }

    @Test("A reader sees what the daemon does, and that it has gone")
    func lock() throws {
        var writer: MountRecord.Writer? = try MountRecord.Writer(device: device)
        let reader = try #require(MountRecord.Reader(device: device, user: geteuid()))
        #expect(!reader.isAbandoned)
        #expect(reader.content == MountRecord.Content(pid: getpid()))

        writer?.write(MountRecord.Content(pid: getpid(), progress: "uploading"))
        #expect(reader.content.progress == "uploading")
        writer?.write(MountRecord.Content(pid: getpid(), failure: "disk full"))
        #expect(reader.content == MountRecord.Content(pid: getpid(), failure: "disk full"))

        writer?.remove()
        #expect(MountRecord.Reader(device: device, user: geteuid()) == nil)
        #expect(!reader.isAbandoned)
        writer = nil
        #expect(reader.isAbandoned)
        #expect(reader.content.failure == "disk full")
    }

    @Test("A record is the newest mount's of its number, whether the daemon before it was killed or goes on")
    func takeOver() throws {
        var first: MountRecord.Writer? = try MountRecord.Writer(device: device)
        let waiting = try #require(MountRecord.Reader(device: device, user: geteuid()))
        var second: MountRecord.Writer? = try MountRecord.Writer(device: device)
        second?.write(MountRecord.Content(pid: 2))
        first?.write(MountRecord.Content(pid: 1, failure: "disk full"))
        first?.remove()
        #expect(!waiting.isAbandoned)
        first = nil
        #expect(waiting.isAbandoned && waiting.content.failure == "disk full")
        let reader = try #require(MountRecord.Reader(device: device, user: geteuid()))
        #expect(!reader.isAbandoned && reader.content.pid == 2)
        second = nil
        #expect(reader.isAbandoned)
        let third = try MountRecord.Writer(device: device)
        third.remove()
    }
}
