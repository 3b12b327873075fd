import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import FUSEAdapter

extension MountedTests {
    @Suite struct InterruptTests {
        @Test(arguments: [SIGINT, SIGKILL])
        func `A program that waits for a lookup ends at once, and the lookup is cancelled`(signal: CInt) async throws {
            try await withMount { mounted async throws in
                let process = try Shell.start(["cat", mounted.path("hang")])
                try await eventually("the lookup arrives") { mounted.fileSystem.calls("lookup hang") == 1 }
                #expect(mounted.session.pendingRequests == 1)

                mounted.fileSystem.add("other", content: Array("other".utf8))
                #expect(try await Shell.output(["cat", mounted.path("other")]) == "other")

                process.send(signal)
                #expect(try await process.result().status == 128 + signal)
                try await eventually("the lookup is cancelled") { mounted.fileSystem.cancellations == 1 }
                try await eventually("nothing is pending") { mounted.session.pendingRequests == 0 }
            }
        }

        @Test(arguments: [SIGINT, SIGKILL])
        func `A program that waits for a direct read ends at once, and the read is cancelled`(
            signal: CInt
        ) async throws {
            let fileSystem = MemoryFileSystem()
            fileSystem.add("file", content: [1]) {
                $0.isDirect = true
                $0.reading = .never
            }
            try await withMount(fileSystem) { mounted async throws in
                let process = try Shell.start(["cat", mounted.path("file")])
                try await eventually("the read arrives") { mounted.session.pendingRequests == 1 }
                process.send(signal)
                #expect(try await process.result().status == 128 + signal)
                try await eventually("the read is cancelled") { fileSystem.cancellations == 1 }
            }
        }

        @Test func `Many stuck programs hold up nobody else`() async throws {
            try await withMount { mounted async throws in
                mounted.fileSystem.add("other", content: Array("other".utf8))
                // Lookups that come before INIT is answered queue up behind each other: what it agrees on is not known yet.
                try await Shell.output(["stat", mounted.directory.path.string])
                let stuck = try (0..<20).map { try Shell.start(["stat", mounted.path("hang \($0)")]) }
                try await eventually("all lookups arrive") { mounted.fileSystem.calls("lookup") >= 20 }
                #expect(try await Shell.output(["cat", mounted.path("other")]) == "other")
                for process in stuck { process.send(SIGTERM) }
                for process in stuck { #expect(try await process.result().status == 128 + SIGTERM) }
                try await eventually("all are cancelled") { mounted.fileSystem.cancellations == 20 }
            }
        }

        @Test func `Interrupts that race with answers do no harm`() async throws {
            try await withMount { mounted async throws in
                for round in 0..<40 {
                    let processes = try (0..<4).map { try Shell.start(["stat", mounted.path("later \(round) \($0)")]) }
                    for process in processes { process.send(SIGINT) }
                    for process in processes { _ = try await process.result() }
                }
                #expect(try await Shell.run(["ls", mounted.directory.path.string]).status == 0)
            }
        }
    }
}
