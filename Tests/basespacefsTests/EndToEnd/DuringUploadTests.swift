import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// What a program may do with a file whose upload is under way: a fault holds it there.
    @Suite("While a file is uploaded")
    struct DuringUploadTests {
        private static let whole = Fault.Match(listener: .api, method: "POST", path: "*/appresults/*/files")
        private static let secondPart = Fault.Match(listener: .api, method: "PUT", path: "*/parts/2")

        /// A file `f` of 12 MB or of a few bytes, the same as `$WORK/f`, on its way and held there.
        private static func holding(
            parts: Bool,
            thenAnswering status: Int? = nil,
            body: (Mount, NewAppResult) async throws -> Void
        ) async throws {
            try await Account.using(.random(["projects/P/samples/S/x": 1])) { account in
                let mount = try await account.mount("--upload-part-size", "5M", "--upload-policy", "background")
                let result = try await mount.makeAppResult()
                let held = parts ? secondPart : whole
                let answers = status.map { [Fault(.status($0), on: held)] } ?? []
                account.simulator.setFaults([Fault(.hang, on: held)] + answers)
                try await mount.output("head -c \(parts ? 12_000_000 : 1000) /dev/urandom > $WORK/f")
                try await result.output("cp $WORK/f f")
                try await eventually("it is on its way") {
                    account.simulator.requests.contains {
                        $0.method == held.method
                            && $0.path.hasSuffix(parts ? "/parts/2" : "/appresults/\(result.id)/files")
                    }
                }
                try await body(mount, result)
            }
        }

        private static func release(_ mount: Mount) {
            mount.account.simulator.setFaults([])
        }

        private static func sum(_ mount: Mount) async throws -> String {
            String(try await mount.output("md5sum < $WORK/f").prefix(32))
        }

        @Test("It reads as it was written, by path and by open handles", arguments: [true, false])
        func reading(parts: Bool) async throws {
            try await Self.holding(parts: parts) { mount, result in
                // The handle outlives the upload, and the local copy with it.
                let reader = try mount.start(
                    "bash",
                    "-c",
                    """
                    exec 3< "$MNT/\(result.files)/f"; head -c 500 <&3 > $WORK/read; echo begun
                    until [ -e $WORK/go ] || ((SECONDS > 60)); do read -rt 0.05 < <(:); done; cat <&3 >> $WORK/read; cmp $WORK/f $WORK/read
                    """
                )
                #expect(try await reader.firstLine() == "begun")
                try await result.output(
                    "cmp f $WORK/f && test $(stat -c %s f) = $(stat -c %s $WORK/f) && tail -c 5 f > $WORK/x"
                )
                #expect(result.received.isEmpty)
                Self.release(mount)
                let sum = try await Self.sum(mount)
                try await eventually("it has arrived") { result.receivedSums == ["f": sum] }
                try await mount.output("touch $WORK/go")
                let end = try await reader.result()
                #expect(end.status == 0, "\(end.errors)")
                try await eventually("the copy is gone") { mount.account.staged.isEmpty }
                try await result.output("cmp f $WORK/f")
            }
        }

        @Test("Removed, a file in parts never arrives, and its upload is given up at the service")
        func removedInParts() async throws {
            try await Self.holding(parts: true) { mount, result in
                try await result.output("rm f && ! test -e f")
                #expect(result.received.isEmpty)
                let aborts = mount.account.simulator.requests.filter {
                    $0.method == "POST" && $0.path.contains("/v1pre3/files/")
                }
                #expect(aborts.map(\.status) == [200])
                Self.release(mount)
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.isEmpty)
                #expect(mount.account.staged == [])
            }
        }

        @Test("Removing one that goes in a single request waits for it; when it has arrived it stays: EPERM")
        func removedWhole() async throws {
            try await Self.holding(parts: false) { mount, result in
                let removal = try mount.start("rm", mount.absolute(result.files + "/f"))
                try await eventually("the removal waits") { Processes.waitsInChange(removal.pid) }
                Self.release(mount)
                let end = try await removal.result()
                #expect(end.status == 1)
                #expect(end.errors.contains("Operation not permitted"), "\(end.errors)")
                try await result.output("cmp f $WORK/f")
                #expect(result.received.map(\.path) == ["f"])
            }
        }

        @Test("Renaming it waits; when it has arrived it keeps its name: EPERM", arguments: [true, false])
        func renamed(parts: Bool) async throws {
            try await Self.holding(parts: parts) { mount, result in
                let files = mount.absolute(result.files)
                let renaming = try mount.start("mv", "\(files)/f", "\(files)/g")
                try await eventually("the renaming waits") { Processes.waitsInChange(renaming.pid) }
                Self.release(mount)
                let end = try await renaming.result()
                #expect(end.status == 1)
                #expect(end.errors.contains("Operation not permitted"), "\(end.errors)")
                try await result.output("cmp f $WORK/f && ! test -e g")
                #expect(result.received.map(\.path) == ["f"])
            }
        }

        @Test("One whose upload fails meanwhile is renamed, and arrives under its new name")
        func renamedAfterAFailure() async throws {
            try await Self.holding(parts: false, thenAnswering: 403) { mount, result in
                let files = mount.absolute(result.files)
                let renaming = try mount.start("mv", "\(files)/f", "\(files)/g")
                try await eventually("the renaming waits") { Processes.waitsInChange(renaming.pid) }
                Self.release(mount)
                let end = try await renaming.result()
                #expect(end.status == 0, "\(end.errors)")
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(result.receivedSums == ["g": try await Self.sum(mount)])
            }
        }

        @Test("Replaced by a rename, one that arrives stays at the service, and the rename fails")
        func replaced() async throws {
            try await Self.holding(parts: true) { mount, result in
                try await result.output("echo new > .new")
                let files = mount.absolute(result.files)
                let renaming = try mount.start("mv", "\(files)/.new", "\(files)/f")
                try await eventually("the renaming waits") { Processes.waitsInChange(renaming.pid) }
                Self.release(mount)
                let end = try await renaming.result()
                #expect(end.status == 1)
                #expect(end.errors.contains("Operation not permitted"), "\(end.errors)")
                try await result.output("cmp f $WORK/f && cat .new && rm .new")
                #expect(result.received.map(\.path) == ["f"])
            }
        }

        @Test("One that is still written is renamed at once, and arrives whole under its new name only")
        func renamedWhileWritten() async throws {
            try await Account.using(.random(["projects/P/samples/S/x": 1])) { account in
                let mount = try await account.mount("--upload-part-size", "5M")
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 24000000 /dev/urandom > $WORK/f")
                let writer = try mount.start(
                    "bash",
                    "-c",
                    """
                    exec 3> "$MNT/\(result.files)/f"; head -c 12000000 $WORK/f >&3
                    until [ -e $WORK/go ] || ((SECONDS > 60)); do read -rt 0.05 < <(:); done; tail -c 12000000 $WORK/f >&3; exec 3>&-
                    """
                )
                let parts = { @Sendable in account.simulator.requests.filter { $0.path.contains("/parts/") } }
                try await eventually("two parts have arrived") { parts().count(where: { $0.status == 200 }) == 2 }
                try await result.output("mv f g && ! test -e f && test $(stat -c %s g) = 12000000")
                try await mount.output("touch $WORK/go")
                #expect(try await writer.result().status == 0)
                let sum = try await Self.sum(mount)
                try? await eventually("it has arrived") { result.receivedSums == ["g": sum] }
                #expect(result.receivedSums == ["g": sum])
                #expect(account.staged == [])
            }
        }

        @Test("Written again, it arrives as it is in the end")
        func writtenAgain() async throws {
            try await Self.holding(parts: true) { mount, result in
                try await result.output(
                    "printf changed | tee $WORK/patch | dd of=f conv=notrunc bs=1 seek=3 status=none"
                )
                try await mount.output("dd if=$WORK/patch of=$WORK/f conv=notrunc bs=1 seek=3 status=none")
                try await result.output("cmp f $WORK/f")
                Self.release(mount)
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(result.receivedSums == ["f": try await Self.sum(mount)])
                #expect(result.acceptedUploads == 1)
            }
        }

        @Test("Its type, mode and time can be set, and Status waits for it")
        func attributes() async throws {
            try await Self.holding(parts: false) { mount, result in
                try await result.output(
                    "chmod 600 f && touch -d @1000000000 f && test $(stat -c %a-%Y f) = 600-1000000000"
                )
                let status = try mount.start("bash", "-c", "echo complete > '\(mount.absolute(result.path))/Status'")
                try await eventually("it waits") { Processes.waitsInChange(status.pid) }
                #expect(try await mount.output("cat '\(result.path)/Status'") == "Running\n")
                #expect(try await result.session().status == "Running")
                Self.release(mount)
                #expect(try await status.result().status == 0)
                #expect(try await result.session().status == "Complete")
                #expect(try await result.output("stat -c %Y f") == "1000000000\n")
            }
        }
    }
}
