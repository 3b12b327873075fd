import BaseSpaceFileSystem
import Glibc
import Namespace
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import FUSEAdapter

extension MountedTests {
    @Suite struct KernelCacheTests {
        @Test func `An invalidated inode is read and looked at anew`() async throws {
            let fileSystem = MemoryFileSystem()
            let inode = fileSystem.add("file", content: Array("old".utf8)) { $0.keepsCache = true }
            try await withMount(fileSystem) { mounted async throws in
                let path = mounted.path("file")
                #expect(try await Shell.output(["cat", path]) == "old")
                fileSystem.change(inode) { $0.content = Array("new".utf8) }
                #expect(try await Shell.output(["cat", path]) == "old")
                mounted.session.invalidateInode(inode)
                try await eventually("the new bytes are seen") { try await Shell.output(["cat", path]) == "new" }
                #expect(try await Shell.output(["stat", "-c", "%a", path]) == "644\n")
                fileSystem.change(inode) { $0.attributes.permissions = 0o600 }
                #expect(try await Shell.output(["stat", "-c", "%a", path]) == "644\n")
                mounted.session.invalidateInode(inode)
                try await eventually("the new permissions are seen") {
                    try await Shell.output(["stat", "-c", "%a", path]) == "600\n"
                }
            }
        }

        @Test func `An invalidated name is looked up anew, whether it existed or not`() async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("there")
            try await withMount(fileSystem) { mounted async throws in
                let (there, missing) = (mounted.path("there"), mounted.path("missing"))
                #expect(try await Shell.run(["stat", there]).status == 0)
                #expect(try await Shell.run(["stat", missing]).status == 1)

                fileSystem.state.withLock { $0.nodes[.root]?.children["there"] = nil }
                fileSystem.add("missing")
                #expect(try await Shell.run(["stat", there]).status == 0)
                #expect(try await Shell.run(["stat", missing]).status == 1)

                mounted.session.invalidateEntry("there", in: .root)
                mounted.session.invalidateEntry("missing", in: .root)
                try await eventually("the names are looked up") {
                    let result = try await Shell.run(["stat", "-c", "%n", there, missing])
                    return result.lines == [missing]
                }
            }
        }

        @Test func `Who waits until the kernel is told sees the change at once`() async throws {
            let fileSystem = MemoryFileSystem()
            try await withMount(fileSystem) { mounted async throws in
                for number in 0..<20 {
                    let path = mounted.path("\(number)")
                    #expect(try await onOwnThread { access(path, F_OK) } == -1)
                    fileSystem.add("\(number)")
                    #expect(try await onOwnThread { access(path, F_OK) } == -1)
                    for other in 0..<200 {
                        mounted.session.invalidateEntry("other \(other)", in: .root)
                    }
                    mounted.session.invalidateEntry("\(number)", in: .root)
                    await withCheckedContinuation { continuation in
                        mounted.session.whenTold { continuation.resume() }
                    }
                    #expect(try await onOwnThread { access(path, F_OK) } == 0, "\(number)")
                }
                // With nothing to tell nobody waits.
                await withCheckedContinuation { continuation in mounted.session.whenTold { continuation.resume() } }
            }
        }

        @Test func `What the kernel does not know can be invalidated`() async throws {
            try await withMount { mounted async throws in
                for number in UInt64(0)..<200 {
                    mounted.session.invalidateInode(InodeNumber(rawValue: 1_000_000 + number))
                    mounted.session.invalidateEntry("\(number)", in: InodeNumber(rawValue: 1_000_000 + number))
                }
                #expect(try await Shell.run(["ls", mounted.directory.path.string]).status == 0)
            }
        }

        @Test func `An invalidation waits for a stuck operation, and goes through when that is interrupted`()
            async throws
        {
            try await withMount(threads: 1) { mounted async throws in
                mounted.fileSystem.add("other", content: Array("other".utf8))
                let stuck = try Shell.start(["cat", mounted.path("hang")])
                try await eventually("the lookup arrives") { mounted.fileSystem.calls("lookup hang") == 1 }
                // The kernel holds the root's lock for the lookup, and lets no other in while somebody waits for it.
                mounted.session.invalidateEntry("hang", in: .root)
                mounted.session.invalidateEntry("other", in: .root)
                stuck.send(SIGINT)
                _ = try await stuck.result()
                #expect(try await Shell.output(["cat", mounted.path("other")]) == "other")
            }
        }

        @Test func `A session ends while an invalidation waits in the kernel`() async throws {
            try await withMount { mounted async throws in
                let stuck = try Shell.start(["mkdir", mounted.path("hang")])
                try await eventually("the lookup arrives") { mounted.fileSystem.calls("lookup hang") == 1 }
                mounted.session.invalidateEntry("other", in: .root)
                try await mounted.end()
                _ = try await stuck.result()
                mounted.session.invalidateEntry("other", in: .root)
                mounted.session.invalidateInode(.root)
            }
        }
    }
}
