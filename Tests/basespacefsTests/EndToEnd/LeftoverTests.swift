import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// What was not written to its end when the daemon was killed, and what people do with it.
    @Suite("What a killed daemon leaves unfinished")
    struct LeftoverTests {
        private static let data = ["projects/P/samples/S/x": 1]
        private static let post = Fault.Match(method: "POST", path: "*/files")

        /// What becomes of a file that was half sent.
        enum Order: CaseIterable {
            case retryBesideMount, retryWithoutMount, discardBesideMount, discardWithoutMount, remove, writeAgain
        }

        @Test("Open files are kept, told and not uploaded; `complete` and unmounting fail until they are dealt with")
        func open() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                let writer = try await mount.hold(
                    "cd \"$MNT/\(result.files)\"; exec 3> empty 4> half; printf words >&4; cd /"
                )
                defer { writer.send(SIGKILL) }
                try await account.expectUploads(["empty": "writing", "half": "writing"])
                try await mount.crash()
                try await account.expectUploads(["empty": "unfinished", "half": "unfinished"])

                let next = try await account.mount()
                try await account.expectUploads(["empty": "unfinished", "half": "unfinished"])
                #expect(try await result.output("stat -c '%n %s' *; cat half") == "empty 0\nhalf 5\nwords")
                #expect(account.log.contains("'half' (AppResult \(result.id)) was not written to its end"))
                try await next.expect("echo complete > '\(result.path)/Status'", failsWith: "Input/output error")
                let end = try await next.unmount()
                #expect(end.status == 1 && end.errors.contains("half"), "\(end.errors)")
                #expect(result.received.isEmpty)

                try await account.expectUploads(["empty": "unfinished", "half": "unfinished"])
                _ = try await account.mount()
                try await result.output("rm empty; echo whole > half")
                try await next.output("echo complete > '\(result.path)/Status'")
                try await result.expectArrived(["half": String(try await next.output("echo whole | md5sum").prefix(32))]
                )
            }
        }

        @Test("What is given up is gone when the mount ends right after that")
        func discardThenUnmount() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let result = try await mount.makeAppResult()
                try await result.output("echo words > f")
                try await account.order("discard", "--yes", "\(result.id):f")
                let end = try await mount.unmount()
                #expect(end.status == 0, "\(end.errors)")
                #expect(try await account.uploads.isEmpty)
                #expect(result.received.isEmpty)
            }
        }

        @Test("A command that writes nothing succeeds beside what an earlier one left, and is told of it")
        func commandBesideLeftovers() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                let writer = try await mount.hold("exec 3> \"$MNT/\(result.files)/half\"; echo words >&3; cd /")
                defer { writer.send(SIGKILL) }
                try await mount.crash()

                func exec(_ script: String) async throws -> ShellResult {
                    try await account.program(
                        ["exec"] + account.credentials + ["--", "bash", "-c", "cd $BASESPACE_MOUNT; \(script)"]
                    )
                }
                let reading = try await exec("cat 'Projects/P/Samples/S/Files/x' > /dev/null; cd /")
                #expect(reading.status == 0)
                #expect(reading.errors.contains("left by an earlier mount: uploading 'half'"), "\(reading.errors)")
                // What it makes of the file itself is its own.
                let writing = try await exec("echo more >> '\(result.files)/half'; cd /")
                #expect(writing.status == 1, "\(writing.errors)")
                #expect(try await exec("echo whole > '\(result.files)/half'; cd /").status == 0)
                try await result.expectArrived([
                    "half": String(try await mount.output("echo whole | md5sum").prefix(32))
                ])
            }
        }

        @Test(
            "A file whose first parts were sent while it was written is kept with them, until somebody decides",
            arguments: Order.allCases
        )
        func streaming(order: Order) async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-part-size", "5M")
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 12000000 /dev/urandom > $WORK/f")
                let writer = try await mount.hold(
                    "exec 3> \"$MNT/\(result.files)/f\"; cat \"$WORK/f\" >&3"
                )
                defer { writer.send(SIGKILL) }
                try await eventually("two parts have arrived") {
                    try await account.uploads.first?.sent == 2 * (5 << 20)
                }
                try await mount.crash()
                let left = try #require(try await account.uploads.first)
                #expect(left.state == "unfinished" && left.sent == 2 * (5 << 20))

                let name = "\(result.id):f"
                switch order {
                case .retryWithoutMount: try await account.order("retry", name)
                case .discardWithoutMount: try await account.order("discard", "--yes", name)
                default: break
                }
                _ = try await account.mount("--upload-part-size", "5M")
                switch order {
                case .retryBesideMount:
                    try await account.expectUploads(["f": "unfinished"])
                    #expect(result.received.isEmpty)
                    try await account.order("retry", name)
                case .discardBesideMount: try await account.order("discard", "--yes", name)
                case .remove: try await result.output("rm f")
                case .writeAgain: try await result.output("cp $WORK/f f")
                case .retryWithoutMount, .discardWithoutMount: break
                }
                let sum = String(try await mount.output("md5sum < $WORK/f").prefix(32))
                switch order {
                case .retryBesideMount, .retryWithoutMount, .writeAgain:
                    try await result.expectArrived(["f": sum])
                    if order != .writeAgain { #expect(account.acceptedParts == [1: 1, 2: 1, 3: 1]) }
                case .discardBesideMount, .discardWithoutMount, .remove:
                    try await result.expectArrived([:])
                    #expect(account.abortedUploads == 1, "the service is told")
                    #expect(try await result.output("ls") == "")
                }
                #expect(try await mount.unmount().status == 0)
            }
        }

        @Test("A file whose writer was killed stays damaged in the next mount, and goes when somebody says so")
        func spoiled() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                let writer = try await mount.hold("exec 3> \"$MNT/\(result.files)/f\"; printf words >&3")
                writer.send(SIGKILL)
                _ = try await writer.result()
                try await account.expectUploads(["f": "damaged"])
                try await mount.crash()
                for _ in 1...2 {
                    let next = try await account.mount()
                    let left = try #require(try await account.uploads.first)
                    #expect(left.state == "damaged" && left.error == "its writer was killed", "\(left)")
                    #expect(try await next.unmount().status == 1)
                }
                #expect(result.received.isEmpty)
                _ = try await account.mount()
                try await account.order("retry", "--all")
                try await result.expectArrived(["f": String(try await mount.output("printf words | md5sum").prefix(32))]
                )
            }
        }

        @Test("A living mount is told to try again what failed, or to give it up")
        func ordersBesideMount() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                account.simulator.setFaults([.init(.status(403), on: Self.post)])
                _ = try await mount.run("cd '\(result.files)' && echo a > a; echo b > b")
                try await account.expectUploads(["a": "failed", "b": "failed"])
                account.simulator.setFaults([])
                try await account.order("discard", "--yes", "\(result.id):b")
                try await account.order("retry", "\(result.id):a")
                try await result.expectArrived(["a": String(try await mount.output("echo a | md5sum").prefix(32))])
                #expect(try await result.output("ls") == "a\n")
                #expect(result.acceptedUploads == 1)
            }
        }

        @Test("Nothing that a program has open for writing is uploaded or deleted by an order")
        func ordersWhileWriting() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                let writer = try await mount.hold("exec 3> \"$MNT/\(result.files)/f\"; printf words >&3")
                for order in [["retry"], ["discard", "--yes"]] {
                    let refused = try await account.program(["uploads"] + order + ["\(result.id):f"])
                    #expect(refused.status == 1 && refused.errors.contains("being written right now"))
                }
                try await account.expectUploads(["f": "writing"])
                #expect(result.received.isEmpty)
                writer.send(SIGKILL)
                _ = try await writer.result()
            }
        }

        @Test("What is ordered for a file that a program has open for writing is done when it is closed")
        func ordersBeforeClosing() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let result = try await mount.makeAppResult()
                account.simulator.setFaults([.init(.status(403), on: Self.post)])
                _ = try await mount.run("cd '\(result.files)' && echo a > a; echo b > b")
                account.simulator.setFaults([])
                let writer = try await mount.hold("exec 3>> \"$MNT/\(result.files)/b\"")
                try await account.order("discard", "--yes", "\(result.id):b")
                try await account.order("retry", "\(result.id):a")
                try await eventually("the mount has looked") { result.acceptedUploads == 1 }
                try await account.expectUploads(["b": "failed"])
                writer.send(SIGTERM)
                _ = try await writer.result()
                try await account.expectUploads([:])
                #expect(result.acceptedUploads == 1 && account.staged == [])
            }
        }

        /// How an AppResult may have ended while nothing was mounted.
        enum End: CaseIterable { case final, gone }

        @Test(
            "What no AppResult takes any more is kept, told by every mount, and goes when it is discarded",
            arguments: End.allCases
        )
        func appResultOver(end: End) async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "background")
                let result = try await mount.makeAppResult()
                account.simulator.setFaults([.init(.hang, on: Self.post)])
                try await result.output("echo words > f")
                try await account.expectUploads(["f": "uploading"])
                try await mount.crash()
                switch end {
                case .final:
                    await ServiceClient(account.simulator).set("complete", ofSession: try await result.session().id)
                case .gone:
                    account.simulator.setFaults([.init(.status(404), on: .init(path: "*/appresults/\(result.id)*"))])
                }
                let next = try await account.mount()
                try await account.expectUploads(["f": "failed"])
                let left = try #require(try await account.uploads.first)
                #expect(left.error?.contains(end == .final ? "403" : "404") == true, "\(left)")
                #expect(account.staged.count == 1)
                let unmount = try await next.unmount()
                #expect(unmount.status == 1 && unmount.errors.contains("'f'"), "\(unmount.errors)")

                _ = try await account.mount()
                try await account.expectUploads(["f": "failed"])
                try await account.order("discard", "--yes", "\(result.id):f")
                try await account.expectUploads([:])
                #expect(account.staged == [] && result.received.isEmpty)
                #expect(try await mount.unmount().status == 0)
            }
        }

        @Test(
            "An AppResult is not ended while a file of it is left whose copy can't be opened; it is when that is discarded"
        )
        func unusable() async throws {
            try await Account.using(.random(Self.data)) { account in
                let first = try await account.mount("--upload-policy", "complete")
                let result = try await first.makeAppResult()
                try await result.output("echo words > f")
                _ = try await first.unmount()
                // A directory in its place is what nobody can take for the file, not even root.
                let copy = account.stagingDirectory.appending(try #require(account.staged.first)).string
                try await Shell.output(["bash", "-ec", "mv \"$0\" \"${0%/*}/../kept\"; mkdir \"$0\"", copy])
                let second = try await account.mount("--upload-policy", "complete")
                try await second.expect("echo complete > '\(result.path)/Status'", failsWith: "Input/output error")
                #expect(try await result.session().status == "Running")
                try await account.order("discard", "--yes", "\(result.id):f")
                try await account.expectUploads([:])
                try await second.output("echo complete > '\(result.path)/Status'")
                #expect(try await result.session().status == "Complete")
            }
        }

        // MARK: Two mounts

        /// Two mounts of an account, with a file in each whose upload hangs.
        private func twoMounts(_ account: Account) async throws -> (first: Mount, second: Mount, NewAppResult) {
            let first = try await account.mount("--upload-policy", "background")
            let second = try await account.mount("--upload-policy", "background", at: "second")
            let result = try await first.makeAppResult()
            account.simulator.setFaults([.init(.hang, on: Self.post)])
            try await result.output("echo one > one")
            try await second.output("echo two > '\(result.files)/two'")
            return (first, second, result)
        }

        @Test("Of two mounts of an account one has each file; when it is killed, the other one takes over")
        func takenOver() async throws {
            try await Account.using(.random(Self.data)) { account in
                let (first, second, result) = try await twoMounts(account)
                let writer = try await first.hold("exec 3> \"$MNT/\(result.files)/half\"; printf words >&3")
                defer { writer.send(SIGKILL) }
                try await account.expectUploads(["one": "uploading", "two": "uploading", "half": "writing"])
                #expect(
                    account.simulator.requests.filter { $0.method == "POST" && $0.path.hasSuffix("/files") }.count == 2
                )
                let killed = try first.daemon
                kill(killed, SIGKILL)
                // Until the faults go the other mount only asks whether it has arrived.
                try await eventually("it is taken over") {
                    let uploads = try await account.uploads
                    return uploads.count == 3 && uploads.allSatisfy(\.mounted)
                }
                try await eventually("the killed one's request ends") {
                    account.simulator.requests.contains {
                        $0.method == "POST" && $0.path.hasSuffix("/files") && $0.finished != nil
                    }
                }
                account.simulator.setFaults([])
                try await account.expectUploads(["half": "unfinished"])
                #expect(result.received.map(\.path).sorted() == ["one", "two"])
                #expect(result.acceptedUploads == 2)
                #expect(try await second.output("cat '\(result.files)/half'") == "words")
                try await second.output("rm '\(result.files)/half'")
                #expect(account.staged == [])
                try await Shell.output(["fusermount3", "-uz", first.path.string])
            }
        }

        @Test("When all mounts of an account are killed, the next one has everything, once")
        func allKilled() async throws {
            try await Account.using(.random(Self.data)) { account in
                let (first, second, result) = try await twoMounts(account)
                let daemons = account.daemons
                for daemon in daemons { kill(daemon, SIGSTOP) }
                for daemon in daemons { kill(daemon, SIGKILL) }
                try await eventually("they are gone") { account.daemons.isEmpty }
                for mount in [first, second] { try await Shell.output(["fusermount3", "-uz", mount.path.string]) }
                try await account.endRequestsOfTheDead()
                try await account.expectUploads(["one": "waiting", "two": "waiting"])
                _ = try await account.mount()
                try await result.expectArrived([
                    "one": String(try await first.output("echo one | md5sum").prefix(32)),
                    "two": String(try await first.output("echo two | md5sum").prefix(32)),
                ])
                #expect(result.acceptedUploads == 2)
            }
        }

        // MARK: Leaving early

        @Test("A second SIGTERM leaves at once; the next mount goes on, and sends no part again")
        func twoSignals() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-part-size", "5M", "--upload-policy", "background")
                let result = try await mount.makeAppResult()
                account.simulator.setFaults(
                    (3...5).map { Fault(.hang, on: .init(method: "PUT", path: "*/parts/\($0)")) }
                )
                try await result.output("head -c 22000000 /dev/urandom > $WORK/f && cp $WORK/f .")
                try await eventually("two parts have arrived") {
                    try await account.uploads.first?.sent == 2 * (5 << 20)
                }
                let daemon = try mount.daemon
                kill(daemon, SIGTERM)
                try await eventually("it finishes") { account.log.contains("told to end by") }
                kill(daemon, SIGTERM)
                try await eventually("it is gone") { account.daemons.isEmpty }
                #expect(account.mountPoints == [])
                try await account.expectUploads(["f": "waiting"])
                try await account.endRequestsOfTheDead()
                account.simulator.resetRequests()
                _ = try await account.mount("--upload-part-size", "5M")
                try await result.expectArrived(["f": String(try await mount.output("md5sum < $WORK/f").prefix(32))])
                #expect(account.acceptedParts == [3: 1, 4: 1, 5: 1])
            }
        }

        @Test("A daemon that is killed after `unmount --no-wait` leaves its upload to the next mount")
        func killedAfterUnmount() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "background")
                let result = try await mount.makeAppResult()
                account.simulator.setFaults([.init(.hang, on: Self.post)])
                try await result.output("echo words > f")
                #expect(try await account.program(["unmount", "--no-wait", mount.path.string]).status == 0)
                try await account.expectUploads(["f": "uploading"])
                let daemon = try mount.daemon
                kill(daemon, SIGKILL)
                try await eventually("it is gone") { account.daemons.isEmpty }
                try await account.endRequestsOfTheDead()
                try await account.expectUploads(["f": "waiting"])
                _ = try await account.mount()
                try await result.expectArrived(["f": String(try await mount.output("echo words | md5sum").prefix(32))])
                #expect(result.acceptedUploads == 1)
            }
        }
    }
}
