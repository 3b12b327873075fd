import BaseSpaceSimulator
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A finished analysis")
    struct UploadTests {
        private static let sizes = ["empty": 0, "one": 1, "four": 4 << 20, "forty": 40 << 20]

        @Test("What cp copies is what the service receives, and what it gives back")
        func copies() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                for (name, size) in Self.sizes {
                    try await mount.output("head -c \(size) /dev/urandom > $WORK/\(name)")
                }
                let result = try await mount.makeAppResult()
                try await result.output("cp $WORK/* .")
                try await eventually("the empty one has followed") { mount.account.staged.isEmpty }

                let received = result.received
                #expect(Dictionary(uniqueKeysWithValues: received.map { ($0.path, Int($0.size)) }) == Self.sizes)
                for file in received {
                    #expect(try await mount.output("md5sum < $WORK/\(file.path)") == "\(file.md5)  -\n")
                }
                let parts = mount.account.simulator.requests.filter {
                    $0.method == "PUT" && $0.path.contains("/parts/")
                }
                #expect(parts.count == 5, "40 MiB in parts of 8 MiB, and nothing else in parts")
                #expect(parts.allSatisfy { $0.header("Content-MD5") != nil })

                try await result.output("diff -r . $WORK && stat -c '%n %s' *")
                // What is not staged any more came back from the service.
                #expect(mount.account.staged == [])
                #expect(mount.account.simulator.requests.contains { $0.listener == .objectStore && $0.status == 206 })
            }
        }

        @Test("`complete Some words` ends the session; nothing can be changed any more; unmounting leaves nothing")
        func complete() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                let result = try await mount.makeAppResult()
                #expect(try await result.session().status == "Running")
                #expect(try await mount.output("cat '\(result.path)/Status'") == "Running\n")
                try await result.output("echo data > f")
                try await mount.output("echo 'complete Some words' > '\(result.path)/Status'")

                let session = try await result.session()
                #expect(session.status == "Complete")
                #expect(session.statusSummary == "Some words")
                #expect(
                    try await mount.output("cd '\(result.path)' && cat Status StatusSummary")
                        == "Complete\nSome words\n"
                )

                for change in [
                    "echo x > '\(result.files)/new'", "touch '\(result.files)/new'", "echo x > '\(result.path)/new'",
                    "mkdir '\(result.files)/new'", "echo running > '\(result.path)/Status'",
                    "echo x > '\(result.path)/StatusSummary'", "rm '\(result.files)/f'",
                    "echo x >> '\(result.files)/f'",
                    "mv '\(result.files)/f' '\(result.files)/g'",
                ] {
                    try await mount.expect(change, failsWith: "Read-only file system")
                }
                #expect(try await result.output("cat f") == "data\n")
                #expect(result.received.map(\.path) == ["f"])

                #expect(try await mount.unmount().status == 0)
                #expect(mount.account.mountPoints == [])
                try await eventually("the daemon is gone") { mount.account.daemons.isEmpty }
                #expect(mount.account.staged == [])
            }
        }

        @Test("`complete` alone sets the state, `aborted` and StatusSummary theirs")
        func otherCommands() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                let first = try await mount.makeAppResult("first")
                try await mount.output("echo complete > '\(first.path)/Status'")
                #expect(try await first.session().status == "Complete")

                let second = try await mount.makeAppResult("second")
                try await mount.output("echo 'half of it' > '\(second.path)/StatusSummary'")
                #expect(try await second.session().statusSummary == "half of it")
                #expect(try await second.session().status == "Running")
                try await mount.output("echo NeedsAttention > '\(second.path)/Status'")
                #expect(try await second.session().status == "NeedsAttention")
                try await second.output("echo more > g")
                try await mount.output("printf aborted > '\(second.path)/Status'")
                #expect(try await second.session().status == "Aborted")
            }
        }

        @Test("A directory in Projects is a project, one in AppResults a running AppResult")
        func makesEntities() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                try await mount.output("mkdir 'Projects/A new one'")
                let result = try await mount.makeAppResult("R", in: "A new one")
                #expect(try await result.session().status == "Running")
                #expect(try await mount.output("ls -R 'Projects/A new one'").contains("StatusSummary"))
                try await mount.expect("mkdir 'Projects/A new one'", failsWith: "File exists")
                try await mount.expect("mkdir 'Projects/A new one/AppResults/R'", failsWith: "File exists")
            }
        }
    }
}
