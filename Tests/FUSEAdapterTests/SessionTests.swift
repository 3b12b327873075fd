import Logging
import Namespace
import SystemPackage
import TestSupport
import Testing

@testable import FUSEAdapter

extension MountedTests {
    @Suite struct SessionTests {
        @Test(arguments: [1, 2, 4])
        func `stop() ends a session without traffic`(threads: Int) async throws {
            try await withMount(threads: threads) { mounted async throws in
                try await Shell.output(["stat", mounted.directory.path.string])
                let start = ContinuousClock.now
                try await mounted.end()
                #expect(ContinuousClock.now - start < .seconds(2))
            }
        }

        @Test func `stop() right after mounting ends a session`() async throws {
            for _ in 0..<20 {
                try await withMount { _ in }
            }
        }

        @Test func `stop() and unmount() before run() leave nothing to do`() throws {
            let directory = try TemporaryDirectory()
            let configuration = FUSESession.Configuration(mountPoint: directory.path, logger: Logger(label: "test"))
            let session = try FUSESession(configuration, fileSystem: MemoryFileSystem())
            #expect(MountTable.current()[directory.path]?.type == "fuse")
            session.unmount()
            session.unmount()
            session.run()
            session.stop()
            session.invalidateInode(.root)
            #expect(MountTable.current()[directory.path] == nil)
        }

        @Test func `A session that is dropped unmounts`() throws {
            let directory = try TemporaryDirectory()
            let configuration = FUSESession.Configuration(mountPoint: directory.path, logger: Logger(label: "test"))
            _ = try FUSESession(configuration, fileSystem: MemoryFileSystem())
            #expect(MountTable.current()[directory.path] == nil)
        }

        @Test func `unmount() while requests are served stops first`() async throws {
            try await withMount { mounted async throws in
                try await Shell.output(["stat", mounted.directory.path.string])
                mounted.session.unmount()
                try await eventually("run() returns") { mounted.hasEnded }
                #expect(MountTable.current()[mounted.directory.path] == nil)
            }
        }

        @Test func `Unmounting from outside ends run()`() async throws {
            try await withMount { mounted async throws in
                try await Shell.output(["fusermount3", "-u", mounted.directory.path.string])
                try await eventually("run() returns") { mounted.hasEnded }
            }
        }

        @Test func `unmount() leaves alone what was mounted in its place`() async throws {
            try await withMount { mounted async throws in
                let path = mounted.directory.path.string
                try await Shell.output(["fusermount3", "-u", path])
                try await Shell.output(["mount", "-t", "tmpfs", "other", path])
                try await mounted.end()
                #expect(MountTable.current()[mounted.directory.path]?.type == "tmpfs")
                try await Shell.output(["umount", path])
            }
        }

        @Test func `A mount that the kernel has aborted is cleared away`() async throws {
            try await withMount { mounted async throws in
                try await Shell.output(["stat", mounted.directory.path.string])
                let isAborted = try await mounted.withControl { SmallFile.write("1", to: $0.appending("abort")) }
                #expect(isAborted)
                try await eventually("run() returns") { mounted.hasEnded }
                #expect(MountTable.isStale(mounted.directory.path))
                let error = #expect(throws: MountError.self) { try Mounted.again(on: mounted.directory.path) }
                #expect(error?.code == .staleMount)
            }
        }

        @Test func `unmount() frees who still waits for an answer`() async throws {
            try await withMount { mounted async throws in
                let process = try Shell.start(["cat", mounted.path("hang")])
                try await eventually("the lookup arrives") { mounted.fileSystem.calls("lookup hang") == 1 }
                try await mounted.end()
                #expect(try await process.result().status == 1)
                try await eventually("the lookup is cancelled") { mounted.fileSystem.cancellations == 1 }
            }
        }

        @Test func `A busy mount point is refused in one line`() async throws {
            try await withMount { mounted async throws in
                let error = #expect(throws: MountError.self) { try Mounted.again(on: mounted.directory.path) }
                #expect(error?.code == .alreadyMounted)
                #expect(error?.description.contains("busy, a fuse.test file system is mounted there") == true)
            }
        }

        @Test func `Options that libfuse does not know are named`() throws {
            let error = #expect(throws: MountError.self) { try Mounted(MemoryFileSystem(), options: ["frobnicate"]) }
            #expect(error?.code == .invalidOptions)
            #expect(error?.description.contains("frobnicate") == true)
        }

        @Test func `Type, source and options reach the kernel, also with commas and spaces`() async throws {
            try await withMount(options: ["fsname=a,b c", "ro"]) { mounted async throws in
                let line = try await Shell.output([
                    "findmnt", "-no", "FSTYPE,SOURCE,OPTIONS", mounted.directory.path.string,
                ])
                #expect(line.hasPrefix("fuse.test a,b c"))
                #expect(line.contains(" ro,"))
                let result = try await Shell.run(["touch", mounted.path("file")])
                #expect(result.errors.contains("Read-only file system"))
            }
        }

        @Test func `The kernel reads 1 MiB ahead and keeps 64 requests in the background`() async throws {
            try await withMount { mounted async throws in
                try await Shell.output(["stat", mounted.directory.path.string])
                let device = try #require(MountTable.current()[mounted.directory.path]?.device)
                let setting = FilePath("/sys/class/bdi/\(device)/read_ahead_kb")
                try await eventually("the read-ahead is raised") { SmallFile.read(setting) == "1024\n" }
                try await mounted.withControl { control in
                    #expect(SmallFile.read(control.appending("max_background")) == "64\n")
                    #expect(SmallFile.read(control.appending("congestion_threshold")) == "48\n")
                }
            }
        }
    }
}

extension Mounted {
    /// The kernel's control files of the connection, in a control file system of our own: there may be none in /sys.
    fileprivate func withControl<Value>(_ body: (FilePath) throws -> Value) async throws -> Value {
        let device = try #require(MountTable.current()[directory.path]?.device)
        let minor = try #require(device.split(separator: ":").last)
        let control = try TemporaryDirectory(prefix: "control")
        try await Shell.output(["mount", "-t", "fusectl", "none", control.path.string])
        let result = Result { try body(control.file(String(minor))) }
        try await Shell.output(["umount", control.path.string])
        return try result.get()
    }

    /// Mounts on a directory that is in use.
    fileprivate static func again(on path: FilePath) throws {
        _ = try FUSESession(.init(mountPoint: path, logger: Logger(label: "test")), fileSystem: MemoryFileSystem())
    }
}
