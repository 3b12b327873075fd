import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A service that misbehaves under a writer")
    struct WriteFaultTests {
        private static let data = ["projects/P/samples/S/x": 1]
        private static let post = Fault.Match(listener: .api, method: "POST", path: "*/appresults/*/files")

        private static func once(_ match: Fault.Match) -> Fault.Match {
            var match = match
            match.count = 1
            return match
        }

        @Test("What fails in passing is sent again, and arrives once", arguments: [500, 503, 429, 502])
        func passing(status: Int) async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 100000 /dev/urandom > $WORK/f")
                mount.account.simulator.setFaults([.init(.status(status), on: Self.once(Self.post))])
                let copy = try await mount.run("cp $WORK/f '\(result.files)/'")
                #expect(copy.status == 0, "\(copy.errors)")
                #expect(result.received.map(\.size) == [100_000])
                #expect(result.acceptedUploads == 1)
            }
        }

        @Test(
            "What does not pass is an error of close; the file stays readable, and goes once the service is well again",
            arguments: [
                (500, "Input/output error"), (403, "Permission denied"), (401, "Permission denied"),
                (409, "File exists"),
                (413, "File too large"), (404, "No such file or directory"),
            ]
        )
        func lasting(status: Int, message: String) async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 100000 /dev/urandom > $WORK/f")
                mount.account.simulator.setFaults([.init(.status(status), on: Self.post)])
                try await mount.expect("cp $WORK/f '\(result.files)/'", failsWith: message)
                try await result.output("cmp f $WORK/f && test $(stat -c %s f) = 100000")
                #expect(result.received.isEmpty)

                mount.account.simulator.setFaults([])
                try await result.output("cp $WORK/f . && cmp f $WORK/f")
                #expect(result.received.map(\.size) == [100_000])
                #expect(mount.account.staged == [])
            }
        }

        @Test("`complete` refuses while a file of the session could not be uploaded")
        func completeRefuses() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                mount.account.simulator.setFaults([.init(.status(403), on: Self.post)])
                _ = try await mount.run("echo x > '\(result.files)/f'")
                try await mount.expect("echo complete > '\(result.path)/Status'", failsWith: "Input/output error")
                #expect(try await result.session().status == "Running")
                mount.account.simulator.setFaults([])
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(try await result.session().status == "Complete")
                #expect(result.received.map(\.size) == [2])
            }
        }

        @Test("Unmounting with a file that could not be uploaded says so, and keeps it")
        func unmountKeeps() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                mount.account.simulator.setFaults([.init(.status(403), on: Self.post)])
                _ = try await mount.run("echo precious > '\(result.files)/f'")
                let unmount = try await mount.unmount()
                #expect(unmount.status == 1)
                // A line of progress may come before, if there was time to print it.
                let lines = unmount.errors.split(separator: "\n")
                #expect(lines.last?.contains("'f'") == true, "\(unmount.errors)")
                #expect(lines.count <= 2, "\(unmount.errors)")
                #expect(mount.account.daemons.isEmpty)
                let kept = mount.account.staged.compactMap {
                    FileManager.default.contents(atPath: mount.account.stagingDirectory.appending($0).string)
                }
                #expect(kept.contains(Data("precious\n".utf8)))
            }
        }

        @Test(
            "A part that fails or arrives damaged is sent again",
            arguments: [
                Fault.Effect.status(500),
                .status(200, body: #"{"Response":{"ETag":"00000000000000000000000000000000"}}"#),
                .reset(afterBytes: 0), .status(503, headers: ["Retry-After": "1"]),
            ]
        )
        func part(effect: Fault.Effect) async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 20000000 /dev/urandom > $WORK/f")
                mount.account.simulator.setFaults([.init(effect, on: .init(method: "PUT", path: "*/parts/2", count: 1))]
                )
                let copy = try await mount.run("cp $WORK/f '\(result.files)/'")
                #expect(copy.status == 0, "\(copy.errors)")
                #expect(try await mount.output("md5sum < $WORK/f") == "\(result.received.first?.md5 ?? "")  -\n")
            }
        }

        @Test("When a part can't be sent for long, the upload stays open, and the next attempt sends nothing twice")
        func partForLong() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 20000000 /dev/urandom > $WORK/f")
                mount.account.simulator.setFaults([.init(.status(502), on: .init(method: "PUT", path: "*/parts/2"))])
                try await mount.expect("cp $WORK/f '\(result.files)/'", failsWith: "Input/output error")
                #expect(mount.account.abortedUploads == 0)
                mount.account.simulator.setFaults([])
                try await mount.account.order("retry", "\(result.id):f")
                try await result.expectArrived(["f": String(try await mount.output("md5sum < $WORK/f").prefix(32))])
                #expect(mount.account.acceptedParts == [1: 1, 2: 1, 3: 1])
            }
        }

        @Test("Parts that always arrive damaged are an error of close, and the upload is given up at the service")
        func damagedParts() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 20000000 /dev/urandom > $WORK/f")
                let wrong = #"{"Response":{"ETag":"00000000000000000000000000000000"}}"#
                mount.account.simulator.setFaults([
                    .init(.status(200, body: wrong), on: .init(method: "PUT", path: "*/parts/*"))
                ])
                try await mount.expect("cp $WORK/f '\(result.files)/'", failsWith: "Input/output error")
                #expect(result.received.isEmpty)
                mount.account.simulator.setFaults([])
                try await result.output("cp $WORK/f . && cmp f $WORK/f")
                #expect(result.received.map(\.size) == [20_000_000])
            }
        }

        @Test("A cp that is killed in the middle leaves no half file at the service", arguments: [SIGINT, SIGKILL])
        func killedWriter(signal: Int32) async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                let fifo = mount.account.home.file("work/fifo").string
                try await Shell.output(["mkfifo", fifo])
                let feeder = try mount.start("bash", "-c", "{ head -c 3000000 /dev/zero; exec sleep 60; } > '\(fifo)'")
                defer { feeder.send(SIGKILL) }
                let copy = try mount.start(
                    "cp",
                    "--no-preserve=all",
                    "--copy-contents",
                    fifo,
                    mount.absolute(result.files + "/f")
                )
                try await eventually("it is in the middle") {
                    try await mount.run("test $(stat -c %s '\(result.files)/f') -ge 2000000").status == 0
                }
                copy.send(signal)
                #expect(try await copy.result().status == 128 + signal)
                _ = try await mount.unmount()
                #expect(result.received.map(\.size) == [])
            }
        }

        @Test("A full staging disk is ENOSPC of write; what fits still goes", .enabled(if: SmallDisk.isAvailable))
        func fullDisk() async throws {
            try await Account.using(.random(Self.data)) { account in
                let disk = try SmallDisk(bytes: 8 << 20)
                let mount = try await account.mount(environment: ["XDG_STATE_HOME": disk.path.string])
                let result = try await mount.makeAppResult()
                try await mount.expect(
                    "head -c 20000000 /dev/zero > $WORK/f; cp $WORK/f '\(result.files)/'",
                    failsWith: "No space left on device"
                )
                #expect(result.received.map(\.path) == [], "half a file is no file")
                let removal = try await mount.run("rm '\(result.files)/f'")
                #expect(removal.status == 0, "\(removal.errors)")
                try await result.output("head -c 1000000 /dev/urandom > $WORK/g; cp $WORK/g . && cmp g $WORK/g")
                #expect(result.received.map(\.path) == ["g"])
                #expect(try await mount.unmount().status == 0)
            }
        }
    }
}
