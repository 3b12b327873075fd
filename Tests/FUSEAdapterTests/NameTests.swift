import BaseSpaceFileSystem
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension MountedTests {
    @Suite struct NameTests {
        @Test func `A missing name is looked up once`() async throws {
            try await withMount { mounted async throws in
                for _ in 0..<5 {
                    let result = try await Shell.run(["stat", mounted.path("missing")])
                    #expect(result.status == 1)
                }
                #expect(mounted.fileSystem.calls("lookup missing") == 1)
            }
        }

        @Test func `A name that exists is looked up once`() async throws {
            try await withMount { mounted async throws in
                mounted.fileSystem.add("later file")
                for _ in 0..<5 { try await Shell.output(["stat", mounted.path("later file")]) }
                #expect(mounted.fileSystem.calls("lookup later file") == 1)
            }
        }

        @Test(arguments: [EACCES, EROFS, EIO, ESTALE, ETIMEDOUT, EHOSTUNREACH, ENODATA, ENOSPC, EDQUOT])
        func `An errno reaches the program, thrown at once or later`(code: CInt) async throws {
            try await withMount { mounted async throws in
                for name in ["error-\(code)", "later-error-\(code)"] {
                    let path = mounted.path(name)
                    await #expect(throws: Errno(rawValue: code)) { try await system { access(path, F_OK) } }
                }
            }
        }

        @Test func `An error without a number is an error nevertheless`() async throws {
            try await withMount { mounted async throws in
                let path = mounted.path("error-0")
                await #expect(throws: Errno.ioError) { try await system { access(path, F_OK) } }
            }
        }

        @Test func `Names that are not UTF-8 don't exist and can't be made`() async throws {
            try await withMount { mounted async throws in
                let path = Array(mounted.path("").utf8CString.dropLast()) + [0x2f, -1, -2, 0]
                await #expect(throws: Errno.noSuchFileOrDirectory) { try await system { access(path, F_OK) } }
                await #expect(throws: Errno.illegalByteSequence) { try await system { mkdir(path, 0o700) } }
                #expect(mounted.fileSystem.calls("lookup") == 0)
            }
        }

        @Test func `Directories are made and removed`() async throws {
            try await withMount { mounted async throws in
                let path = mounted.path("a/b")
                try await Shell.output(["mkdir", "-p", "-m", "750", path])
                #expect(try await Shell.output(["stat", "-c", "%F %a", path]) == "directory 750\n")
                let parent = mounted.path("a")
                await #expect(throws: Errno.directoryNotEmpty) { try await system { rmdir(parent) } }
                try await Shell.output(["rm", "-r", mounted.path("a")])
                #expect(mounted.fileSystem.node("a") == nil)
            }
        }

        /// The errno of renameat2(2), which Swift's Glibc leaves out.
        private static func renameat2(_ old: String, _ new: String, flags: Int) async throws -> Int32? {
            let program = """
                import ctypes, sys
                libc = ctypes.CDLL(None, use_errno=True)
                libc.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), \(flags))
                print(ctypes.get_errno())
                """
            let result = try await Shell.run(["/usr/bin/python3", "-c", program, old, new])
            return result.lines.first.flatMap { Int32($0) }
        }

        @Test func `rename replaces, keeps what exists, and refuses to exchange`() async throws {
            try await withMount { mounted async throws in
                mounted.fileSystem.add("a", content: [1])
                mounted.fileSystem.add("b", content: [2])
                let (a, b) = (mounted.path("a"), mounted.path("b"))
                // `mv -n` looks before it asks, renameat2 does not.
                #expect(try await Self.renameat2(a, b, flags: 1) == EEXIST)
                #expect(try await Self.renameat2(a, b, flags: 2) == EINVAL)
                try await Shell.output(["mv", "-f", a, b])
                #expect(mounted.fileSystem.node("a") == nil)
                #expect(mounted.fileSystem.node("b")?.content == [1])
            }
        }

        @Test func `A symbolic link is followed; links and special files can't be made`() async throws {
            try await withMount { mounted async throws in
                mounted.fileSystem.add("file", content: Array("text".utf8))
                mounted.fileSystem.add("link", kind: .symbolicLink) { $0.target = "file" }
                let text = try await Shell.output(["cat", mounted.path("link")])
                #expect(text == "text")
                let (file, new) = (mounted.path("file"), mounted.path("new"))
                await #expect(throws: Errno.notPermitted) { try await system { symlink("x", new) } }
                await #expect(throws: Errno.notPermitted) { try await system { link(file, new) } }
                await #expect(throws: Errno.notPermitted) { try await system { mkfifo(new, 0o600) } }
            }
        }

        @Test func `Every lookup reference comes back`() async throws {
            try await withMount { mounted async throws in
                let directory = mounted.fileSystem.add("directory", kind: .directory)
                for number in 0..<500 { mounted.fileSystem.add("\(number)", in: directory) }
                try await Shell.output(["ls", "-lR", mounted.directory.path.string])
                #expect(mounted.fileSystem.references > 500)
                // The caches of this mount only: a remount drops the names it holds.
                try await Shell.output(["bash", "-c", "sync; echo 2 > /proc/sys/vm/drop_caches"])
                try await eventually("all references are back") { mounted.fileSystem.references == 0 }
            }
        }
    }
}

extension MemoryFileSystem {
    /// Lookup references that the kernel holds.
    fileprivate var references: UInt64 {
        state.withLock { $0.nodes.values.reduce(0) { $0 + $1.references } }
    }
}
