import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Leaving a mount whose uploads are not finished")
    struct UnmountTests {
        private static let post = Fault.Match(method: "POST", path: "*/files")

        /// A mount with one upload on its way, which goes on once the faults are taken away, and which nobody waits for.
        private func whileUploading(_ body: (Mount, NewAppResult) async throws -> Void) async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                let account = mount.account
                let result = try await mount.makeAppResult()
                try await mount.output("echo words > $WORK/f")
                account.simulator.setFaults([.init(.hang, on: Self.post)])
                let copy = try mount.start("cp", account.home.file("work/f").string, mount.absolute(result.files))
                try await eventually("the upload has begun") {
                    account.simulator.requests.contains { $0.method == "POST" && $0.path.hasSuffix("/files") }
                }
                copy.send(SIGKILL)
                _ = try await copy.result()
                try await body(mount, result)
            }
        }

        @Test("unmount --no-wait returns at once, and the upload goes on")
        func noWait() async throws {
            try await whileUploading { mount, result in
                let unmount = try await mount.account.program(["unmount", "--no-wait", mount.path.string])
                #expect(unmount.status == 0 && unmount.errors == "", "\(unmount.errors)")
                #expect(mount.account.mountPoints == [])
                #expect(result.received.isEmpty && mount.account.daemons.count == 1, "it still goes on")
                mount.account.simulator.setFaults([])
                try await eventually("the daemon ends") { mount.account.daemons.isEmpty }
                #expect(result.received.map(\.size) == [6])
            }
        }

        @Test("unmount waits for its own mount's uploads also while the daemon of an earlier mount goes on")
        func afterNoWait() async throws {
            try await whileUploading { mount, result in
                let account = mount.account
                #expect(try await account.program(["unmount", "--no-wait", mount.path.string]).status == 0)
                let next = try await account.mount("--upload-policy", "background")
                try await next.output("echo more > '\(result.files)/g'")
                let unmount = try next.start(BuiltProducts.path(of: "basespacefs"), "unmount", next.path.string)
                let first = try await unmount.firstLineOfErrors()
                #expect(first.contains("uploading, 1 file, 5 bytes left"), "\(first)")
                account.simulator.setFaults([])
                #expect(try await unmount.result().status == 0)
                #expect(result.received.contains { $0.path == "g" })
                try await eventually("the first daemon ends") { account.daemons.isEmpty }
                #expect(result.received.map(\.path).sorted() == ["f", "g"])
            }
        }

        @Test("unmount tells what is left, and how to leave; after that it says what was kept")
        func leave() async throws {
            try await whileUploading { mount, result in
                let account = mount.account
                let unmount = try mount.start(BuiltProducts.path(of: "basespacefs"), "unmount", mount.path.string)
                let first = try await unmount.firstLineOfErrors()
                #expect(first.contains("uploading, 1 file, 6 bytes left"), "\(first)")
                let daemon = try #require(account.daemons.first)
                #expect(first.contains("`kill \(daemon)`"), "\(first)")
                kill(daemon, SIGTERM)
                let told = try await unmount.result()
                #expect(told.status == 1)
                #expect(told.errors.contains("unmounted, but 1 file, 6 bytes not uploaded, and kept"), "\(told.errors)")
                #expect(account.staged.count == 1)
            }
        }

        @Test("What has been sent of a large file is not among what is left")
        func partsLeft() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                let account = mount.account
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 20000000 /dev/urandom > $WORK/f")
                account.simulator.setFaults([.init(.hang, on: .init(method: "PUT", path: "*/parts/3"))])
                let copy = try mount.start("cp", account.home.file("work/f").string, mount.absolute(result.files))
                try await eventually("two parts are there") {
                    account.simulator.requests.filter { $0.path.contains("/parts/") && $0.status == 200 }.count == 2
                }
                copy.send(SIGKILL)
                _ = try await copy.result()
                let unmount = try mount.start(BuiltProducts.path(of: "basespacefs"), "unmount", mount.path.string)
                let first = try await unmount.firstLineOfErrors()
                #expect(first.contains("uploading, 1 file, 3.0 MiB left"), "\(first)")
                account.simulator.setFaults([])
                #expect(try await unmount.result().status == 0)
                #expect(result.received.map(\.size) == [20_000_000])
            }
        }

        @Test(
            "exec names what its command wrote and could not be uploaded, whatever the command's status",
            arguments: [0, 3]
        )
        func exec(status: Int) async throws {
            try await Account.using(.random(["projects/P/samples/S/x": 1])) { account in
                account.simulator.setFaults([.init(.status(403), on: Self.post)])
                let script = "cd $BASESPACE_MOUNT/Projects/P/AppResults && mkdir R && echo x > R/f; exit \(status)"
                let result = try await account.program(
                    ["exec"] + account.credentials + ["--", "bash", "-c", script]
                )
                #expect(result.status == (status == 0 ? 1 : 3))
                let last = result.errors.split(separator: "\n").last ?? ""
                #expect(last.hasPrefix("basespacefs: ") && last.contains("'f'"), "\(result.errors)")
                #expect(account.staged.count == 1)
            }
        }
    }
}
