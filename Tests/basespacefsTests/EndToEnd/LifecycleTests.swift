import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The life of a mount")
    struct LifecycleTests {
        private static let data = ["projects/P/samples/S/f": 3 << 20]

        @Test("A home without .cache and .local takes a mount")
        func freshHome() async throws {
            try await Account.using(.random(Self.data)) { account in
                let home = account.home.file("fresh").string
                try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
                let mount = try await account.mount(
                    environment: ["HOME": home, "XDG_CACHE_HOME": "", "XDG_STATE_HOME": ""]
                )
                try await mount.output("cmp Projects/P/Samples/S/Files/f $DATA/projects/P/samples/S/f")
                try await mount.makeAppResult().output("echo x > f")
            }
        }

        @Test("SIGTERM finishes an upload in flight before the mount ends", arguments: [SIGTERM, SIGINT, SIGHUP])
        func signalDuringUpload(signal: Int32) async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 20000000 /dev/urandom > $WORK/f")
                // Slow enough to be met on its way, whatever the machine.
                account.simulator.setFaults([.init(.latency(.seconds(2)), on: .init(method: "PUT", path: "*/parts/*"))])
                let copy = try mount.start("cp", account.home.file("work/f").string, mount.absolute(result.files))
                try await eventually("the upload has begun") {
                    account.simulator.requests.contains { $0.path.contains("/parts/") }
                }
                let daemon = try #require(account.daemons.first)
                kill(daemon, signal)
                try await eventually("the daemon ends") { account.daemons.isEmpty }
                #expect(account.mountPoints == [])
                #expect(result.received.map(\.size) == [20_000_000])
                #expect(account.staged == [], "what has arrived is not kept")
                let copied = try await copy.result()
                #expect(copied.status == 0, "cp was told: \(copied.errors)")
            }
        }

        @Test("unmount waits for an upload that goes on behind an interrupted cp")
        func unmountDuringUpload() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let account = mount.account
                let result = try await mount.makeAppResult()
                try await mount.output("echo words > $WORK/f")
                account.simulator.setFaults([.init(.latency(.seconds(2)), on: .init(method: "POST", path: "*/files"))])
                let copy = try mount.start("cp", account.home.file("work/f").string, mount.absolute(result.files))
                try await eventually("the upload has begun") {
                    account.simulator.requests.contains { $0.method == "POST" && $0.path.hasSuffix("/files") }
                }
                copy.send(SIGKILL)
                _ = try await copy.result()
                let unmount = try await mount.unmount()
                #expect(unmount.status == 0, "\(unmount.errors)")
                #expect(account.daemons.isEmpty)
                #expect(result.received.map(\.size) == [6])
            }
        }

        @Test("A killed daemon leaves a mount that says how to clear it, and can be followed by another")
        func killed() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                try await mount.output("cat Projects/P/Samples/S/Files/f > /dev/null")
                let daemon = try #require(account.daemons.first)
                kill(daemon, SIGKILL)
                try await eventually("it is gone") { account.daemons.isEmpty }

                let refused = try await account.program(["mount"] + account.credentials + [mount.path.string])
                if refused.status != 0 {
                    #expect(refused.errors.contains("fusermount3 -u"))
                    #expect(refused.errors.split(separator: "\n").count == 1)
                    try await Shell.output(["fusermount3", "-uz", mount.path.string])
                    let next = try await account.mount()
                    try await next.output("cmp Projects/P/Samples/S/Files/f $DATA/projects/P/samples/S/f")
                } else {
                    try await mount.output("cmp Projects/P/Samples/S/Files/f $DATA/projects/P/samples/S/f")
                }
            }
        }

        @Test("unmount of a killed daemon's mount takes it away")
        func unmountKilled() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let daemon = try #require(account.daemons.first)
                kill(daemon, SIGKILL)
                try await eventually("it is gone") { account.daemons.isEmpty }
                let result = try await mount.unmount()
                #expect(result.status == 0, "\(result.errors)")
                #expect(account.mountPoints == [])
            }
        }

        @Test("A mount in use is not taken away, and unmount names who uses it")
        func busy() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let holder = try mount.start("bash", "-c", "cd '\(mount.absolute("Projects/P"))' && exec sleep 60")
                defer { holder.send(SIGKILL) }
                try await eventually("it is there") {
                    let directory = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(holder.pid)/cwd"
                    )
                    return directory?.hasSuffix("Projects/P") == true
                }
                let result = try await mount.unmount()
                #expect(result.status == 1)
                #expect(result.errors.contains("busy") && result.errors.contains("\(holder.pid)"))
                try await mount.output("ls Projects")
                holder.send(SIGKILL)
                _ = try await holder.result()
                #expect(try await mount.unmount().status == 0)
            }
        }

        @Test("The mount's directory is not held by the daemon, nor its starter's terminal and pipes")
        func detached() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let daemon = try #require(mount.account.daemons.first)
                #expect(getsid(daemon) == daemon)
                for (name, target) in [
                    "cwd": "/", "fd/0": "/dev/null", "fd/1": "/dev/null", "fd/2": mount.account.logFile.string,
                ] {
                    let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(daemon)/\(name)")
                    #expect(link == target, "\(name)")
                }
            }
        }
    }
}
