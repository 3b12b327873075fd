import Testing

@testable import basespacefs

@Suite("Options of mount(8)")
struct MountFlagsTests {
    private func problem(_ lists: String...) throws -> String {
        let error = #expect(throws: MountFlags.Problem.self) { try MountFlags(parsing: lists) }
        return try #require(error).description
    }

    @Test("Words become options of the program, or go to the kernel")
    func words() throws {
        let flags = try MountFlags(parsing: ["ro,allow_other,uid=1000", "gid=100,nosuid,nodev,nosuid,fsname=lab"])
        #expect(flags.isReadOnly == true)
        #expect(flags.allowsOthers)
        #expect(flags.uid == 1000)
        #expect(flags.gid == 100)
        #expect(flags.source == "lab")
        #expect(flags.kernelOptions == ["nosuid", "nodev"])
    }

    @Test("Words of /etc/fstab mean nothing here")
    func fstabWords() throws {
        let flags = try MountFlags(parsing: ["defaults,_netdev,noauto,user,nofail,x-systemd.automount,comment=lab,,"])
        #expect(flags == MountFlags())
    }

    @Test("The last of ro and rw counts")
    func readOnlyAndReadWrite() throws {
        #expect(try MountFlags(parsing: ["ro,rw"]).isReadOnly == false)
        #expect(try MountFlags(parsing: ["rw", "ro"]).isReadOnly == true)
        #expect(try MountFlags(parsing: []).isReadOnly == nil)
    }

    @Test(
        "An unknown word is refused by name",
        arguments: ["allowother", "fsname=", "subtype=x", "fd=3", "max_read=1", "RO"]
    )
    func unknown(word: String) throws {
        #expect(try problem("ro,\(word)") == "-o: unknown option \(word)")
    }

    @Test("A wrong number is refused", arguments: ["uid=", "uid=-1", "gid=root", "gid=4294967296"])
    func wrongNumber(word: String) throws {
        #expect(try problem(word).hasPrefix("-o: \(word.prefix(3)) takes a number"))
    }

    @Test("allow_other and allow_root exclude each other")
    func otherAndRoot() throws {
        #expect(try problem("allow_other", "allow_root").contains("exclude each other"))
    }
}
