import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A machine that goes down, and disks that are full or damaged, under staged files")
    struct StagingDiskTests {
        private static let data = ["projects/P/samples/S/x": 1]
        private static let post = Fault.Match(method: "POST", path: "*/files")

        /// Leaves a closed file `f` behind, whose upload had begun.
        private func leave(_ account: Account, fault: Fault.Effect = .hang) async throws -> NewAppResult {
            let mount = try await account.mount("--upload-policy", "background")
            let result = try await mount.makeAppResult()
            account.simulator.setFaults([.init(fault, on: Self.post)])
            try await result.output("echo words > f")
            try await eventually("its request has come") {
                account.simulator.requests.contains {
                    $0.method == "POST" && $0.path.hasSuffix("/files") && (fault == .hang || $0.status != nil)
                }
            }
            try await account.expectUploads(["f": "uploading"])
            try await mount.crash()
            return result
        }

        @Test("After a reboot, what was not safe on disk is not uploaded by itself, and says why")
        func reboot() async throws {
            try await Account.using(.random(Self.data)) { account in
                let result = try await leave(account)
                try await account.changeJournal("UPDATE file SET boot = 'earlier', securedSeal = seal - 1")
                try await account.expectUploads(["f": "damaged"])
                let mount = try await account.mount()
                let left = try #require(try await account.uploads.first)
                #expect(left.state == "damaged" && left.error?.contains("the machine went down") == true, "\(left)")
                #expect(try await result.output("cat f") == "words\n")
                #expect(try await mount.unmount().status == 1)
                #expect(result.received.isEmpty)

                try await account.order("retry", "--all")
                _ = try await account.mount()
                try await result.expectArrived(["f": String(try await mount.output("echo words | md5sum").prefix(32))])
            }
        }

        @Test(
            "After a reboot, what was safe on disk goes on, and is looked for at the service first",
            arguments: [false, true]
        )
        func rebootAfterSync(hasArrived: Bool) async throws {
            try await Account.using(.random(Self.data)) { account in
                let result = try await leave(account, fault: hasArrived ? .stall(afterBytes: 0) : .hang)
                // The journal's last commits are lost: it knows nothing of the request.
                try await account.changeJournal(
                    "UPDATE file SET boot = 'earlier', securedSeal = seal, isSendingWhole = 0"
                )
                let mount = try await account.mount()
                try await result.expectArrived(["f": String(try await mount.output("echo words | md5sum").prefix(32))])
                #expect(result.acceptedUploads == 1)
            }
        }

        @Test("A file that was synced is marked as safe on disk soon after it was closed")
        func secured() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let result = try await mount.makeAppResult()
                try await result.output("echo words > f")
                try await eventually("it is marked") {
                    let path = account.stateDirectory.appending("journal.sqlite").string
                    let query = "SELECT count(*) FROM file WHERE seal = securedSeal AND stage = 'sealed'"
                    return try await Shell.output(["sqlite3", "-readonly", path, query]) == "1\n"
                }
            }
        }

        @Test("A damaged journal is set aside: the mount works, and what was staged is kept and listed")
        func damagedJournal() async throws {
            try await Account.using(.random(Self.data)) { account in
                let result = try await leave(account)
                let kept = account.staged
                let journal = account.stateDirectory.appending("journal.sqlite").string
                for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: journal + suffix) }
                try Data(repeating: 0x5a, count: 50_000).write(to: URL(filePath: journal))

                let mount = try await account.mount()
                let left = try await account.uploads
                #expect(left.map(\.state) == ["orphan"] && left.map(\.serial) == kept, "\(left)")
                #expect(account.log.contains("The journal was damaged"))
                let names = try FileManager.default.contentsOfDirectory(atPath: account.stateDirectory.string)
                #expect(names.contains { $0.hasPrefix("journal-damaged-") })
                try await result.output("cp \"$XDG_STATE_HOME/basespacefs/staged/\(kept[0])\" f && echo more > g")
                #expect(result.received.map(\.path).sorted() == ["f", "g"])
                try? await eventually("what has arrived goes") { account.staged == kept }
                #expect(account.staged == kept)
                try await account.order("discard", "--yes", left[0].id)
                #expect(account.staged == [])
                #expect(try await mount.unmount().status == 0)
            }
        }

        @Test(
            "A full staging disk: making, writing and remembering fail as the disk does; what fits still goes",
            .enabled(if: SmallDisk.isAvailable)
        )
        func fullDisk() async throws {
            try await Account.using(.random(Self.data)) { account in
                let disk = try SmallDisk(bytes: 4 << 20)
                let state = ["XDG_STATE_HOME": disk.path.string]
                let mount = try await account.mount(environment: state)
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 8000000 /dev/zero > '\(disk.path.string)/ballast' 2> /dev/null; true")
                // The log of the journal has room for a while, and then it has not.
                try await mount.expect(
                    "cd '\(result.files)'; for i in {1..200}; do mkdir d$i; : > d$i/f || exit 1; done",
                    failsWith: "No space left on device"
                )
                try await mount.expect("echo words > '\(result.files)/g'", failsWith: "No space left on device")
                try await mount.output("rm '\(disk.path.string)/ballast'")
                try await result.output("rm -f g; echo words > h")
                #expect(result.received.contains { $0.path == "h" && $0.size == 6 })
                #expect(!result.received.contains { $0.path == "g" })
                let unmount = try await mount.unmount()
                #expect(unmount.status == 0, "\(unmount.errors)")
                let left = try await account.program(["uploads", "list"], environment: state)
                #expect(left.output == "No file waits for its upload.\n", "\(left.output)")
                let staged = disk.path.appending("basespacefs/staged").string
                #expect(try FileManager.default.contentsOfDirectory(atPath: staged) == [])
            }
        }

        @Test("What did not fit on the disk is damaged in the next mount too", .enabled(if: SmallDisk.isAvailable))
        func halfWritten() async throws {
            try await Account.using(.random(Self.data)) { account in
                let disk = try SmallDisk(bytes: 4 << 20)
                let state = ["XDG_STATE_HOME": disk.path.string]
                let mount = try await account.mount(environment: state)
                let result = try await mount.makeAppResult()
                try await mount.expect(
                    "head -c 8000000 /dev/zero > $WORK/f; cp $WORK/f '\(result.files)/'",
                    failsWith: "No space left on device"
                )
                try await mount.crash()
                let list = { try await account.program(["uploads", "list"], environment: state).output }
                for _ in 1...2 {
                    let text = try await list()
                    #expect(text.contains("damaged") || text.contains("unfinished"), "\(text)")
                    let next = try await account.mount(environment: state)
                    #expect(try await next.unmount().status == 1)
                }
                #expect(result.received.isEmpty)
            }
        }

        @Test(
            "A closed file is not changed when the journal has no room to say so: after a crash it is what was closed",
            .enabled(if: SmallDisk.isAvailable)
        )
        func noRoomToTell() async throws {
            try await Account.using(.random(Self.data)) { account in
                let disk = try SmallDisk(bytes: 4 << 20)
                let state = ["XDG_STATE_HOME": disk.path.string]
                let mount = try await account.mount("--upload-policy", "complete", environment: state)
                let result = try await mount.makeAppResult()
                try await result.output("head -c 8192 /dev/zero > f")
                // The journal's log takes what room it has, and then no more.
                try await mount.output("cat /dev/zero > '\(disk.path.string)/ballast' 2> /dev/null; true")
                try await result.output("for i in {1..50}; do chmod 600 f; chmod 644 f; done")
                try await mount.expect(
                    "printf x | dd of='\(result.files)/f' conv=notrunc status=none",
                    failsWith: "No space left on device"
                )
                try await result.output("cmp -n 8192 f /dev/zero")
                try await mount.crash()
                try await Shell.output(["rm", disk.path.appending("ballast").string])
                _ = try await account.mount("--upload-policy", "complete", environment: state)
                try await mount.output("echo complete > '\(result.path)/Status'")
                let sum = String(try await mount.output("head -c 8192 /dev/zero | md5sum").prefix(32))
                #expect(result.receivedSums == ["f": sum])
            }
        }

        @Test("The token is in no file of the state directory, whatever waits there")
        func token() async throws {
            try await Account.using(.random(Self.data)) { account in
                let result = try await leave(account)
                account.simulator.setFaults([.init(.status(401), on: Self.post)])
                _ = try await account.mount()
                try await account.expectUploads(["f": "failed"])
                try await result.output("cat f; mkdir d; echo more > .g")
                let found = try await Shell.run(
                    ["grep", "-rlaE", "\(Account.token)|[Ss]ignature=", account.home.file("state").string]
                )
                #expect(found.lines == [] && found.status == 1)
            }
        }
    }
}
