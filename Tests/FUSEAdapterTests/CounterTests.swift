import BaseSpaceFileSystem
import Glibc
import SystemPackage
import Testing

extension MountedTests {
    @Suite struct CounterTests {
        @Test func `Requests are counted by kind, and what fails by its errno`() async throws {
            try await withMount { mounted async throws in
                mounted.fileSystem.add("file")
                let (file, refused, missing) = (mounted.path("file"), mounted.path("error-13"), mounted.path("missing"))
                try await system { access(file, F_OK) }
                for path in [refused, mounted.path("later-error-13")] {
                    await #expect(throws: Errno.permissionDenied) { try await system { access(path, F_OK) } }
                }
                await #expect(throws: Errno.noSuchFileOrDirectory) { try await system { access(missing, F_OK) } }
                let statistics = mounted.counters.statistics
                #expect(statistics.operations[.lookup] == 4)
                #expect(statistics.operations[.write] == nil)
                #expect(statistics.errors == [.permissionDenied: 2])
                #expect(statistics.passthroughOpens == 0)
            }
        }
    }
}
