import BaseSpaceAPI
import BaseSpaceFileSystem
import CFUSE
import Glibc
import Namespace
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension MountedTests {
    @Suite struct AttributeTests {
        @Test func `stat shows what the file system says`() async throws {
            let fileSystem = MemoryFileSystem()
            let inode = fileSystem.add("file", content: Array(repeating: 7, count: 1025)) {
                $0.attributes.permissions = 0o640
                $0.attributes.uid = 12
                $0.attributes.gid = 34
            }
            try await withMount(fileSystem) { mounted async throws in
                let format = "%i %F %a %h %u %g %s %b %B %o %Y %y"
                let output = try await Shell.output(
                    ["stat", "-c", format, mounted.path("file")],
                    environment: ["TZ": "UTC"]
                )
                let expected = "\(inode.rawValue) regular file 640 1 12 34 1025 3 512 1048576 1500000000 "
                #expect(output == expected + "2017-07-14 02:40:00.123456789 +0000\n")
            }
        }

        @Test func `Inode numbers of 64 bits and sizes beyond 32 bits survive`() async throws {
            let fileSystem = MemoryFileSystem()
            let inode = InodeNumber(rawValue: 0xfedc_ba98_7654_3210)
            fileSystem.state.withLock { state in
                var attributes = MemoryFileSystem.attributes(inode, .regular, 0o444)
                attributes.size = 60 << 30
                state.nodes[inode] = .init(attributes: attributes)
                state.nodes[.root]?.children["big"] = inode
            }
            try await withMount(fileSystem) { mounted async throws in
                let output = try await Shell.output(["stat", "-c", "%i %s", mounted.path("big")])
                #expect(output == "\(inode.rawValue) \(60 << 30)\n")
            }
        }

        @Test func `chmod, chown, truncate and touch change what they name`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file", content: [1, 2, 3])
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                try await Shell.output(["chmod", "4711", path])
                #expect(fileSystem.node("file")?.attributes.permissions == 0o4711)
                try await Shell.output(["chown", "5:6", path])
                #expect(fileSystem.node("file")?.attributes.uid == 5)
                #expect(fileSystem.node("file")?.attributes.gid == 6)
                try await Shell.output(["truncate", "-s", "2", path])
                #expect(fileSystem.node("file")?.content == [1, 2])
                try await Shell.output(["touch", "-m", "-d", "@1234567890.5", path])
                #expect(
                    fileSystem.node("file")?.attributes.modified
                        == .init(seconds: 1_234_567_890, nanoseconds: 500_000_000)
                )
                let before = time(nil)
                try await Shell.output(["touch", "-m", path])
                let modified = try #require(fileSystem.node("file")?.attributes.modified.seconds)
                #expect((Int64(before)...Int64(time(nil))).contains(modified))
            }
        }

        @Test func `An access time alone changes nothing and is no error`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file")
            try await withMount(fileSystem) { mounted async throws in
                try await Shell.output(["touch", "-a", mounted.path("file")])
                #expect(fileSystem.calls("setAttributes") == 0)
                #expect(fileSystem.node("file")?.attributes.modified.seconds == 1_500_000_000)
            }
        }

        @Test func `df shows the volume`() async throws {
            try await withMount { mounted async throws in
                let output = try await Shell.output([
                    "stat", "-f", "-c", "%S %b %f %a %l", mounted.directory.path.string,
                ])
                #expect(output == "4096 1000 250 250 255\n")
            }
        }

        @Test func `Extended attributes are set, listed, read and removed`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file")
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                try await Shell.output(["setfattr", "-n", "user.one", "-v", "first value", path])
                try await Shell.output(["setfattr", "-n", "user.two", "-v", "", path])
                let output = try await Shell.output(["getfattr", "--absolute-names", "-d", path])
                #expect(output == "# file: \(path)\nuser.one=\"first value\"\nuser.two=\"\"\n\n")
                try await Shell.output(["setfattr", "-x", "user.one", path])
                #expect(fileSystem.node("file")?.extendedAttributes == ["user.two": []])
                let missing = try await Shell.run(["getfattr", "-n", "user.one", path])
                #expect(missing.errors.contains("No such attribute"))
            }
        }

        @Test func `The size protocol of getxattr and listxattr holds`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file") { $0.extendedAttributes = ["user.a": [1, 2, 3], "user.b": []] }
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                #expect(try await system { getxattr(path, "user.a", nil, 0) } == 3)
                await #expect(throws: Errno.outOfRange) {
                    try await system {
                        withUnsafeTemporaryAllocation(byteCount: 2, alignment: 1) {
                            getxattr(path, "user.a", $0.baseAddress, 2)
                        }
                    }
                }
                #expect(try await system { listxattr(path, nil, 0) } == 14)
                await #expect(throws: Errno.outOfRange) {
                    try await system {
                        withUnsafeTemporaryAllocation(byteCount: 8, alignment: 1) { listxattr(path, $0.baseAddress, 8) }
                    }
                }
            }
        }

        @Test func `XATTR_CREATE and XATTR_REPLACE hold`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file")
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                await #expect(throws: Errno.noData) {
                    try await system { setxattr(path, "user.a", "1", 1, CInt(XATTR_REPLACE)) }
                }
                try await system { setxattr(path, "user.a", "1", 1, CInt(XATTR_CREATE)) }
                await #expect(throws: Errno.fileExists) {
                    try await system { setxattr(path, "user.a", "2", 1, CInt(XATTR_CREATE)) }
                }
                try await system { setxattr(path, "user.a", "3", 1, CInt(XATTR_REPLACE)) }
                #expect(fileSystem.node("file")?.extendedAttributes == ["user.a": Array("3".utf8)])
            }
        }

        @Test func `Foreign namespaces are refused without asking the file system`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file")
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                for name in ["security.capability", "security.selinux", "system.posix_acl_access"] {
                    await #expect(throws: Errno.notSupportedOnSocket) {
                        try await system { getxattr(path, name, nil, 0) }
                    }
                }
                try await Shell.output(["ls", "-l", mounted.directory.path.string])
                #expect(fileSystem.calls("getxattr") == 0)
            }
        }
    }
}
