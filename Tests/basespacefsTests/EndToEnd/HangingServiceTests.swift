import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A service that does not answer")
    struct HangingServiceTests {
        private static let data = [
            "projects/P/samples/S/f": 24 << 20, "projects/P/samples/S/g": 100, "projects/P/samples/T/x": 1,
            "projects/Q/samples/U/x": 1,
        ]

        /// What a signal or a look in memory may take, on a machine that does other things too.
        private static let atOnce = Duration.seconds(15)

        private func expectAtOnce(
            _ what: String,
            _ location: SourceLocation = #_sourceLocation,
            _ body: () async throws -> Void
        ) async throws {
            let start = ContinuousClock.now
            try await body()
            let duration = ContinuousClock.now - start
            #expect(duration < Self.atOnce, "\(what) took \(duration)", sourceLocation: location)
        }

        @Test("A read that hangs holds up nobody else, ends with Ctrl-C, and does not keep the mount from ending")
        func objectStore() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let simulator = mount.account.simulator
                try await mount.output("ls -l Projects Projects/P/Samples/* Projects/P/Samples/S/Files")
                simulator.setFaults([.init(.hang, on: .init(listener: .objectStore))])
                let cat = try mount.start("cat", mount.absolute("Projects/P/Samples/S/Files/f"))
                try await eventually("it waits") { simulator.requests.contains { $0.listener == .objectStore } }

                try await expectAtOnce("ls") {
                    try await mount.output("ls -l Projects Projects/P/Samples/S/Files")
                }
                // Not listed before: the API answers while the object store does not.
                try await expectAtOnce("ls") {
                    try await mount.output("ls -l Projects/Q/Samples Projects/Q/Samples/U/Files")
                }
                try await expectAtOnce("stat") { try await mount.output("stat Projects/P/Samples/S/Files/f") }
                try await expectAtOnce("SIGINT") {
                    cat.send(SIGINT)
                    let status = try await cat.result().status
                    #expect(status == 128 + SIGINT)
                }

                let another = try mount.start("head", "-c", "10", mount.absolute("Projects/P/Samples/S/Files/g"))
                try await eventually("it waits") {
                    simulator.requests.filter { $0.listener == .objectStore }.contains { $0.path.hasSuffix("/g") }
                }
                another.send(SIGKILL)
                _ = try await another.result()
                try await expectAtOnce("unmount") {
                    let result = try await mount.unmount()
                    #expect(result.status == 0, "\(result.errors)")
                }
                #expect(mount.account.daemons.isEmpty)
            }
        }

        @Test("SIGTERM ends the daemon while a read hangs")
        func terminate() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let simulator = mount.account.simulator
                simulator.setFaults([.init(.hang, on: .init(listener: .objectStore))])
                let cat = try mount.start("cat", mount.absolute("Projects/P/Samples/S/Files/f"))
                try await eventually("it waits") { simulator.requests.contains { $0.listener == .objectStore } }
                let daemon = try #require(mount.account.daemons.first)
                kill(daemon, SIGTERM)
                try await eventually("the daemon ends") { mount.account.daemons.isEmpty }
                #expect(try await cat.result().status != 0)
                #expect(mount.account.mountPoints == [])
            }
        }

        @Test("A listing that hangs holds up no read of an open file, and ends with Ctrl-C")
        func api() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                let file = "Projects/P/Samples/S/Files/f"
                try await mount.output("ls Projects/P; head -c 10 \(file) > /dev/null")
                let fifo = account.home.file("go").string
                try await Shell.output(["mkfifo", fifo])
                let reader = try mount.start(
                    "bash",
                    "-c",
                    "exec 3< '\(mount.absolute(file))'; : < '\(fifo)'; cmp - $DATA/projects/P/samples/S/f <&3"
                )
                try await eventually("the reader has the file open") {
                    let open = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(reader.pid)/fd/3")
                    return open?.hasSuffix("/f") == true
                }
                account.simulator.setFaults([.init(.hang, on: .init(listener: .api))])
                let ls = try mount.start("ls", mount.absolute("Projects/Q/Samples"))
                try await eventually("it waits") {
                    account.simulator.requests.contains { $0.path.hasSuffix("/samples") && $0.finished == nil }
                }
                try await expectAtOnce("the read of an open file") {
                    try await Shell.output(["bash", "-c", ": > '\(fifo)'"])
                    let result = try await reader.result()
                    #expect(result.status == 0, "\(result.errors)\(result.output)")
                }
                try await expectAtOnce("ls of what is known") {
                    try await mount.output("ls Projects/P Projects/P/Samples/S/Files")
                }
                try await expectAtOnce("SIGINT") {
                    ls.send(SIGINT)
                    let status = try await ls.result().status
                    #expect(status == 128 + SIGINT)
                }
                try await expectAtOnce("unmount") {
                    let result = try await mount.unmount()
                    #expect(result.status == 0, "\(result.errors)")
                }
                #expect(account.daemons.isEmpty)
            }
        }

        @Test("Ctrl-C ends a cp whose upload hangs; the upload goes on")
        func upload() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let simulator = mount.account.simulator
                let result = try await mount.makeAppResult()
                try await mount.output("echo words > $WORK/f")
                simulator.setFaults([.init(.hang, on: .init(method: "POST", path: "*/files"))])
                let copy = try mount.start("cp", mount.account.home.file("work/f").string, mount.absolute(result.files))
                try await eventually("it waits") {
                    simulator.requests.contains { $0.path.hasSuffix("/files") && $0.method == "POST" }
                }
                try await expectAtOnce("SIGINT") {
                    copy.send(SIGINT)
                    let status = try await copy.result().status
                    #expect(status != 0)
                }
                simulator.setFaults([])
                try await eventually("the upload arrives") { result.received.map(\.size) == [6] }
            }
        }
    }
}
