import BaseSpaceFileSystem
import Glibc
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing

import class Foundation.Thread

@testable import FUSEAdapter

/// All tests that mount, one after the other.
@Suite(.serialized, .timeLimit(.minutes(2)))
enum MountedTests {}

/// A mounted `MemoryFileSystem`, served on a thread of its own.
final class Mounted: Sendable {
    let fileSystem: MemoryFileSystem
    let session: FUSESession
    let directory: TemporaryDirectory
    let counters = OperationCounters()
    private let ended = Mutex(false)

    init(_ fileSystem: MemoryFileSystem, options: [String] = [], threads: Int = 2) throws {
        self.fileSystem = fileSystem
        directory = try TemporaryDirectory(prefix: "mount")
        var configuration = FUSESession.Configuration(
            mountPoint: directory.path,
            options: ["fsname=memory", "subtype=test"] + options,
            logger: Logger(label: "test")
        )
        configuration.threads = threads
        configuration.counters = counters
        session = try FUSESession(configuration, fileSystem: fileSystem)
        Thread.detachNewThread { [self] in
            session.run()
            ended.withLock { $0 = true }
        }
    }

    var hasEnded: Bool { ended.withLock { $0 } }

    /// Whether a mount here can pass opens through.
    static var canPassThrough: Bool {
        get async throws {
            let mounted = try Mounted(MemoryFileSystem())
            let path = mounted.directory.path.string
            try await system {
                var status = stat()
                return stat(path, &status)
            }
            let result = mounted.session.passesThrough
            try await mounted.end()
            return result
        }
    }

    func path(_ name: String) -> String { directory.path.appending(name).string }

    /// Stops and unmounts.
    func end() async throws {
        session.stop()
        defer { session.unmount() }
        try await eventually("run() returns after stop()") { hasEnded }
    }
}

/// Mounts, runs `body`, and unmounts whatever came of it. Nothing may be pending after it.
func withMount(
    _ fileSystem: MemoryFileSystem = MemoryFileSystem(),
    options: [String] = [],
    threads: Int = 2,
    _ body: (Mounted) async throws -> Void
) async throws {
    let mounted = try Mounted(fileSystem, options: options, threads: threads)
    do {
        try await body(mounted)
    } catch {
        try? await mounted.end()
        throw error
    }
    try await mounted.end()
    try await eventually("no request is pending") { mounted.session.pendingRequests == 0 }
    #expect(MountTable.current()[mounted.directory.path] == nil)
}

/// Runs a system call on a thread of its own; throws what it left in `errno` when it returns −1.
@discardableResult
func system<Value: FixedWidthInteger & Sendable>(_ call: @escaping @Sendable () -> Value) async throws -> Value {
    try await onOwnThread {
        let value = call()
        if value == -1 { throw Errno(rawValue: errno) }
        return value
    }
}
