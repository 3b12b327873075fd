import BaseSpaceSimulator
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Writing files again")
    struct OverwriteTests {
        private static let data = ["projects/P/samples/S/x": 1]

        /// A mount that may overwrite, of a service that takes another version of a path.
        private static func using(
            _ policy: Simulator.SamePathPolicy,
            _ body: (Mount, NewAppResult) async throws -> Void
        ) async throws {
            try await Mount.using(
                .random(data),
                options: "--allow-overwrite",
                configure: { $0.samePath = policy }
            ) { mount in
                let result = try await mount.makeAppResult()
                try await result.output("printf 'one\\ntwo\\n' > f")
                try await eventually("it is uploaded") { mount.account.staged.isEmpty }
                try await body(mount, result)
            }
        }

        @Test("The newest version of a path is what is shown, here and in another mount")
        func replaces() async throws {
            try await Self.using(.replace) { mount, result in
                try await result.output("echo three > f && cat f")
                #expect(try await result.output("cat f") == "three\n")
                try await eventually("it is uploaded") { mount.account.staged.isEmpty }
                let again = try await mount.account.mount(at: "again")
                #expect(try await again.output("cat '\(result.files)/f'") == "three\n")
            }
        }

        @Test("Appending and changing in place begin with the old content")
        func copiesUp() async throws {
            try await Self.using(.replace) { mount, result in
                try await result.output("echo three >> f")
                #expect(try await result.output("cat f") == "one\ntwo\nthree\n")
                try await result.output("printf ONE | dd of=f conv=notrunc status=none")
                #expect(try await result.output("cat f") == "ONE\ntwo\nthree\n")
                try await result.output("truncate -s 7 f")
                #expect(try await result.output("cat f") == "ONE\ntwo")
                try await eventually("all is uploaded") { mount.account.staged.isEmpty }
                #expect(result.received.map(\.size) == [7])
            }
        }

        @Test("A file that is opened for writing and not changed is not uploaded again")
        func unchanged() async throws {
            try await Self.using(.conflict) { mount, result in
                try await result.output("exec 3<> f; cat <&3; exec 3>&-")
                try await eventually("the copy is gone") { mount.account.staged.isEmpty }
                #expect(result.received.count == 1)
                #expect(result.acceptedUploads == 1)
                #expect(try await result.output("cat f") == "one\ntwo\n")
            }
        }

        @Test("touch gives a file another time, keeps it in the listing and sends nothing")
        func touches() async throws {
            try await Self.using(.conflict) { mount, result in
                try await result.output(": > empty")
                try await eventually("it is uploaded") { mount.account.staged.isEmpty }
                try await result.output("touch -d @1000000000 f empty; cat f empty")
                try await eventually("the copies are gone") { mount.account.staged.isEmpty }
                let listing = "empty 0 1000000000\nf 8 1000000000\n"
                #expect(try await result.output("stat -c '%n %s %Y' *") == listing)
                #expect(result.acceptedUploads == 2)

                #expect(try await mount.unmount().status == 0)
                let again = try await mount.account.mount("--allow-overwrite")
                #expect(try await again.output("cd '\(result.files)' && stat -c '%n %s %Y' *") == listing)
            }
        }

        @Test("A kill in the middle of a copy leaves the file as the service has it")
        func killedWhileCopying() async throws {
            try await Account.using(.random(Self.data), configure: { $0.samePath = .replace }) { account in
                let mount = try await account.mount("--allow-overwrite", "--cache-dir", "none")
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 3000000 /dev/urandom > $WORK/f; cp $WORK/f '\(result.files)/f'")
                try await eventually("it is uploaded") { account.staged.isEmpty }
                account.simulator.setFaults([.init(.stall(afterBytes: 1_500_000), on: .init(listener: .objectStore))])
                let writer = try mount.start("bash", "-c", "exec 3>> \"$MNT/\(result.files)/f\"")
                try await eventually("it is being copied") { !account.staged.isEmpty }
                try await mount.crash()
                _ = try await writer.result()

                let again = try await account.mount("--allow-overwrite")
                try await again.output("cmp '\(result.files)/f' $WORK/f && echo complete > '\(result.path)/Status'")
                try await eventually("nothing is left of the copy") { account.staged.isEmpty }
                #expect(result.received.map(\.size) == [3_000_000])
            }
        }

        @Test("A rename covers what the service has")
        func renames() async throws {
            try await Self.using(.replace) { mount, result in
                try await result.output("echo new > .f.tmp && mv .f.tmp f")
                #expect(try await result.output("cat f") == "new\n")
                try await mount.expect("rm '\(result.files)/f'", failsWith: "Operation not permitted")
                try await mount.expect(
                    "mv '\(result.files)/f' '\(result.files)/g'",
                    failsWith: "Operation not permitted"
                )
            }
        }

        @Test("A service that takes one version only says EEXIST, and the new bytes stay here")
        func conflict() async throws {
            try await Self.using(.conflict) { mount, result in
                try await mount.output("echo three > $WORK/new")
                try await mount.expect("cp $WORK/new '\(result.files)/f'", failsWith: "File exists")
                #expect(try await result.output("cat f") == "three\n")
                #expect(try await mount.unmount().status != 0)
            }
        }

        @Test("A handle that is written to after its commit makes another version, or is told that it can't")
        func writtenAgain() async throws {
            // The shell closes the file and commits it; the child that inherited it writes later.
            let script = """
                { echo first; { until [ -e "$WORK/go" ] || ((SECONDS > 60)); do read -rt 0.05 < <(:); done; echo second; } & } > "$1"
                touch "$WORK/go"; wait $!
                """
            try await Self.using(.replace) { mount, result in
                try await mount.output(script, mount.absolute(result.files + "/g"))
                #expect(try await result.output("cat g") == "first\nsecond\n")
                try await eventually("both versions have been uploaded") {
                    result.acceptedUploads == 3 && mount.account.staged.isEmpty
                }
            }
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                try await mount.expect(
                    script.replacing("\"$1\"", with: "'\(result.files)/g'"),
                    failsWith: "Operation not permitted"
                )
                #expect(try await result.output("cat g") == "first\n")
                try await mount.output("echo complete > '\(result.path)/Status'")
            }
        }
    }
}
