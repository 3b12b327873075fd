import BaseSpaceFileSystem
import Glibc
import Namespace
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import FUSEAdapter

extension MountedTests {
    @Suite(.enabled("needs Linux 6.9 and CAP_SYS_ADMIN") { try await Mounted.canPassThrough })
    struct PassthroughTests {
        // What comes from where: as long as each other, so that a read is never short.
        private let asked = [UInt8](repeating: 0x61, count: 300_001)
        private let local = [UInt8](repeating: 0x6c, count: 300_001)

        private func fileSystem(_ backing: (any FileBacking)?) -> (MemoryFileSystem, InodeNumber) {
            let fileSystem = MemoryFileSystem()
            let inode = fileSystem.add("file", content: asked) {
                $0.keepsCache = true
                $0.backing = backing
            }
            return (fileSystem, inode)
        }

        private func open(_ mounted: Mounted, _ flags: CInt = O_RDONLY) async throws -> CInt {
            let path = mounted.path("file")
            return try await system { Glibc.open(path, flags | O_CLOEXEC) }
        }

        private func read(_ file: CInt) async throws -> [UInt8] {
            try await onOwnThread {
                var bytes = [UInt8](repeating: 0, count: 400_000)
                let count = pread(file, &bytes, bytes.count, 0)
                if count < 0 { throw Errno(rawValue: errno) }
                return Array(bytes[..<count])
            }
        }

        private func close(_ file: CInt) async throws {
            try await system { Glibc.close(file) }
        }

        @Test func `The kernel reads the file by itself, maps it, and lets go of it`() async throws {
            let backing = try LocalBacking(local)
            let (fileSystem, _) = fileSystem(backing)
            try await withMount(fileSystem) { mounted async throws in
                let file = try await open(mounted)
                #expect(try await read(file) == local)
                let (count, expected) = (local.count, local)
                try await onOwnThread {
                    let memory = mmap(nil, count, PROT_READ, MAP_SHARED, file, 0)
                    guard let memory, memory != MAP_FAILED else { throw Errno(rawValue: errno) }
                    #expect(memcmp(memory, expected, count) == 0)
                    munmap(memory, count)
                }
                #expect(!backing.isFree)
                #expect(!mounted.session.hasNoOpenFiles)
                try await close(file)
                try await eventually("the kernel lets go") { backing.isFree && mounted.session.hasNoOpenFiles }
                #expect(fileSystem.calls("read") == 0)
                #expect(mounted.counters.statistics.passthroughOpens == 1)
            }
        }

        @Test func `The first open decides: passed through`() async throws {
            let backing = try LocalBacking(local)
            let (fileSystem, inode) = fileSystem(backing)
            try await withMount(fileSystem) { mounted async throws in
                let first = try await open(mounted)
                let second = try await open(mounted)
                #expect(backing.count == 1, "one file for all")
                try await close(first)
                let third = try await open(mounted)
                for file in [second, third] {
                    #expect(try await read(file) == local)
                    try await close(file)
                }
                try await eventually("all is closed") { mounted.session.hasNoOpenFiles }
                fileSystem.change(inode) { $0.backing = nil }
                let fourth = try await open(mounted)
                #expect(try await read(fourth) == asked)
                try await close(fourth)
            }
        }

        @Test func `The first open decides: not passed through, and its pages are dropped later`() async throws {
            let backing = try LocalBacking(local)
            let (fileSystem, inode) = fileSystem(nil)
            try await withMount(fileSystem) { mounted async throws in
                let first = try await open(mounted)
                #expect(try await read(first) == asked)
                fileSystem.change(inode) { $0.backing = backing }
                let second = try await open(mounted)
                #expect(try await read(second) == asked)
                #expect(backing.count == 0)
                try await close(first)
                try await close(second)
                try await eventually("all is closed") { mounted.session.hasNoOpenFiles }
                let third = try await open(mounted)
                #expect(try await read(third) == local)
                try await close(third)
                try await eventually("all is closed") { mounted.session.hasNoOpenFiles }
                fileSystem.change(inode) { $0.backing = nil }
                let reads = fileSystem.calls("read")
                let fourth = try await open(mounted)
                #expect(try await read(fourth) == asked)
                #expect(fileSystem.calls("read") > reads, "the pages of the first open are gone")
                try await close(fourth)
            }
        }

        @Test func `Other bytes can't be opened until the last reader of these has closed them`() async throws {
            let backing = try LocalBacking(local)
            let (fileSystem, inode) = fileSystem(backing)
            try await withMount(fileSystem) { mounted async throws in
                let first = try await open(mounted)
                let new = try LocalBacking(asked, named: "another version")
                fileSystem.change(inode) { $0.backing = new }
                await #expect(throws: Errno.resourceBusy) { _ = try await open(mounted) }
                fileSystem.change(inode) { $0.isDirect = true }
                await #expect(throws: Errno.resourceBusy) { _ = try await open(mounted) }
                #expect(try await read(first) == local)
                fileSystem.change(inode) { $0.isDirect = false }
                try await close(first)
                try await eventually("all is closed") { mounted.session.hasNoOpenFiles }
                #expect(fileSystem.state.withLock { $0.openFiles.isEmpty })
                let second = try await open(mounted)
                #expect(try await read(second) == asked)
                try await close(second)
                try await eventually("the kernel lets go") { new.isFree }
            }
        }

        @Test func `A direct open does not stand in the way of a later one`() async throws {
            let backing = try LocalBacking(local)
            let (fileSystem, inode) = fileSystem(backing)
            fileSystem.change(inode) { $0.isDirect = true }
            try await withMount(fileSystem) { mounted async throws in
                let direct = try await open(mounted)
                fileSystem.change(inode) { $0.isDirect = false }
                let file = try await open(mounted)
                #expect(try await read(file) == local)
                #expect(try await read(direct) == asked)
                try await close(direct)
                #expect(try await read(file) == local)
                try await close(file)
                try await eventually("the kernel lets go") { backing.isFree && mounted.session.hasNoOpenFiles }
            }
        }

        @Test func `A file that the kernel does not take is read the ordinary way`() async throws {
            let (fileSystem, inode) = fileSystem(UnusableBacking())
            try await withMount(fileSystem) { mounted async throws in
                let file = try await open(mounted)
                #expect(try await read(file) == asked)
                try await close(file)
                try await eventually("all is closed") { mounted.session.hasNoOpenFiles }
                let backing = try LocalBacking(local)
                fileSystem.change(inode) { $0.backing = backing }
                let second = try await open(mounted)
                #expect(try await read(second) == local, "one refusal says nothing of other files")
                try await close(second)
            }
        }

        @Test func `Files that are made are counted, and given back`() async throws {
            try await withMount { mounted async throws in
                try await Shell.output(["bash", "-c", "echo one > \(mounted.path("new")); cat \(mounted.path("new"))"])
                try await eventually("all is closed") { mounted.session.hasNoOpenFiles }
            }
        }

        @Test func `Many open and close at once, and nobody sees an error`() async throws {
            let backing = try LocalBacking(local)
            let (fileSystem, inode) = fileSystem(backing)
            try await withMount(fileSystem, threads: 4) { mounted async throws in
                let path = mounted.path("file")
                let (first, second) = (asked[0], local[0])
                try await withThrowingTaskGroup { group in
                    for reader in 0..<4 {
                        group.addTask {
                            try await onOwnThread {
                                for round in 0..<300 {
                                    if reader == 0 {
                                        fileSystem.change(inode) { $0.backing = round % 3 == 0 ? nil : backing }
                                    }
                                    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
                                    guard file >= 0 else {
                                        // Without a backing its bytes have no name, and may be others.
                                        if errno == EBUSY { continue }
                                        throw Errno(rawValue: errno)
                                    }
                                    var byte: UInt8 = 0
                                    let count = pread(file, &byte, 1, 100_000)
                                    guard count == 1, byte == first || byte == second else {
                                        throw Errno(rawValue: errno)
                                    }
                                    Glibc.close(file)
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await eventually("the kernel lets go") { backing.isFree && mounted.session.hasNoOpenFiles }
            }
        }

        @Test func `A mount can end while a file is passed through, and its reader reads on`() async throws {
            let backing = try LocalBacking(local)
            let (fileSystem, _) = fileSystem(backing)
            let file = Mutex<CInt>(-1)
            try await withMount(fileSystem) { mounted async throws in
                let opened = try await open(mounted)
                file.withLock { $0 = opened }
                #expect(try await read(opened) == local)
            }
            let opened = file.withLock { $0 }
            #expect(try await read(opened) == local)
            // Its flush finds nobody.
            await #expect(throws: Errno.socketNotConnected) { try await close(opened) }
            try await eventually("the kernel lets go") { backing.isFree }
        }
    }
}
