import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("status, the command")
    struct StatusCommandTests {
        private static let data = ["projects/P/samples/S/f": 100]

        private func watch(_ mount: Mount, _ operands: [String]) throws -> PseudoTerminal {
            try PseudoTerminal(
                [BuiltProducts.path(of: "basespacefs"), "status", "--watch"] + operands,
                environment: mount.account.environment.merging(["TERM": "xterm"]) { $1 }
            )
        }

        @Test("is text without escape codes in a pipe, a page for one mount and a line for each")
        func text() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let page = try await mount.account.program(["status", mount.path.string])
                #expect(page.status == 0 && page.errors == "")
                #expect(page.output.hasPrefix("BaseSpace of "))
                #expect(page.output.contains("\nServer    \(mount.account.simulator.apiURL)\n"))
                let list = try await mount.account.program(["status"])
                #expect(list.lines.filter { $0.hasPrefix("\(mount.path) ") }.count == 1)
                #expect(!(page.output + list.output).contains("\u{1B}"))
                let json = try await mount.account.program(["status", "--json"])
                let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
                let mounts = try #require(object?["mounts"] as? [[String: Any]])
                let own = try #require(mounts.first { $0["mountPoint"] as? String == mount.path.string })
                #expect(own["problem"] == nil)
                // Others of this machine may be dead.
                let status: Int32 = mounts.contains { $0["problem"] != nil } ? 1 : 0
                #expect(json.status == status && list.status == status, "\(list.output)\(list.errors)")
                #expect(((own["status"] as? [String: Any])?["account"] as? [String: Any])?["name"] is String)
            }
        }

        @Test(
            "--watch draws again and again on a terminal, and Ctrl-C leaves that as it was",
            arguments: [true, false]
        )
        func watching(one: Bool) async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let terminal = try watch(mount, one ? [mount.path.string] : [])
                try await eventually("it has drawn twice") {
                    terminal.output.components(separatedBy: "\u{1B}[H").count > 2
                }
                #expect(terminal.output.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"))
                #expect(terminal.output.contains(one ? "Server    http" : mount.path.string))
                #expect(!terminal.echoes)
                terminal.type("\u{3}")
                #expect(await terminal.status() == 0)
                try await eventually("the screen is back") { terminal.output.hasSuffix("\u{1B}[?25h\u{1B}[?1049l") }
                #expect(terminal.echoes)
            }
        }

        @Test("--watch keeps to the window, and a signal leaves the terminal as it was too")
        func window() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let terminal = try watch(mount, [mount.path.string])
                try await eventually("it draws") { terminal.output.contains("Uploads ") }
                let before = terminal.output.count
                terminal.resize(rows: 3, columns: 20)
                try await eventually("it draws anew") {
                    let frame = terminal.output.dropFirst(before).components(separatedBy: "\u{1B}[H").last ?? ""
                    return frame.hasSuffix("\u{1B}[J") && frame.components(separatedBy: "\r\n").count == 3
                        && frame.components(separatedBy: "\u{1B}[K").allSatisfy { $0.count <= 22 }
                }
                terminal.send(SIGTERM)
                #expect(await terminal.status() == 128 + SIGTERM)
                try await eventually("the screen is back") { terminal.output.hasSuffix("\u{1B}[?25h\u{1B}[?1049l") }
                #expect(terminal.echoes)
            }
        }

        @Test("--watch ends in one line when the mount goes")
        func unmounted() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let terminal = try watch(mount, [mount.path.string])
                try await eventually("it draws") { terminal.output.contains("Uploads ") }
                try await mount.unmount()
                #expect(await terminal.status() == 1)
                try await eventually("it says why, on the screen that was there before") {
                    terminal.output.hasSuffix("\u{1B}[?1049lbasespacefs: BaseSpace is not mounted on \(mount.path)\r\n")
                }
            }
        }

        @Test("refuses what it can't do in one line")
        func refusals() async throws {
            try await Account.using(.random(Self.data)) { account in
                let path = try account.makeMountPoint()
                let pipe = try await account.program(["status", "--watch"])
                #expect(pipe.status == 64)
                #expect(pipe.errors.hasPrefix("basespacefs: --watch draws on a terminal"))
                #expect(pipe.errors.split(separator: "\n").count == 1)
                #expect(pipe.output == "")
                let both = try await account.program(["status", "--watch", "--json"])
                #expect(both.status == 64)
                let nothing = try await account.program(["status", path.string])
                #expect(nothing.status == 1)
                #expect(nothing.errors == "basespacefs: BaseSpace is not mounted on \(path)\n")
            }
        }

        @Test(
            "says of a mount whose process is gone, or hangs, what it is, and does not wait for it",
            arguments: [true, false]
        )
        func dead(isGone: Bool) async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount()
                let other = try await account.mount(at: "other")
                let daemon = try mount.daemon
                kill(daemon, isGone ? SIGKILL : SIGSTOP)
                defer { kill(daemon, SIGCONT) }
                if isGone { try await eventually("it is gone") { !account.daemons.contains(daemon) } }
                let words =
                    isGone ? "its process is gone: fusermount3 -uz" : "does not answer within 5 s: `kill -9 \(daemon)`"
                let start = ContinuousClock.now
                let result = try await account.program(["status", mount.path.string])
                #expect(result.status == 1)
                #expect(result.errors.hasPrefix("basespacefs: \(mount.path): \(words)"), "\(result.errors)")
                #expect(result.errors.split(separator: "\n").count == 1)
                let list = try await account.program(["status"])
                #expect(ContinuousClock.now - start < .seconds(20))
                #expect(list.status == 1)
                #expect(list.lines.contains { $0.hasPrefix("\(mount.path) ") && $0.contains(words) })
                #expect(list.lines.contains { $0.hasPrefix("\(other.path) ") && $0.contains("nothing left") })
            }
        }
    }
}
