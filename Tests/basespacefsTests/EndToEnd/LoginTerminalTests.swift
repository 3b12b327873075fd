import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("login at a terminal")
    struct LoginTerminalTests {
        private func start(
            _ account: Account,
            _ arguments: [String] = [],
            environment: [String: String] = [:],
            columns: UInt16 = 120,
            under command: [String] = []
        ) throws -> PseudoTerminal {
            try PseudoTerminal(
                command + [BuiltProducts.path(of: "basespacefs"), "login", "--api-server", account.simulator.apiURL]
                    + arguments,
                environment: account.environment.merging(["TERM": "xterm"]) { $1 }.merging(environment) { $1 },
                columns: columns
            )
        }

        @Test("The secret is asked for and not shown; then there is a QR code")
        func secret() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                let terminal = try start(account, ["--client-id", "app"])
                try await eventually("the prompt") { terminal.output.contains("Client secret of app: ") }
                try await eventually("no echo") { !terminal.echoes }
                terminal.type("\(LoginTests.appSecret)\n")
                #expect(await terminal.status() == 0)
                #expect(terminal.echoes)
                #expect(!terminal.output.contains(LoginTests.appSecret))
                #expect(terminal.output.contains("\u{1B}[38;5;16;48;5;231m") && terminal.output.contains("▀"))
                #expect(account.token() != nil)
            }
        }

        @Test("Ctrl-Z at the prompt does nothing: a shell would get the terminal without echo")
        func stopped() async throws {
            try await Account.using { account in
                // A process can be stopped only under a shell that could let it go on.
                let terminal = try start(
                    account,
                    ["--with-token"],
                    under: ["bash", "-c", "set -m; \"$@\"; echo \"status $?\"", "-"]
                )
                try await eventually("the prompt") { terminal.output.contains("Access token: ") && !terminal.echoes }
                terminal.type("\u{1A}")
                terminal.type("\(Account.token)\n")
                try await eventually("it ends") { terminal.output.contains("status ") }
                #expect(terminal.output.contains("status 0") && terminal.echoes)
                #expect(!terminal.output.contains(Account.token) && account.token() == Account.token)
                _ = await terminal.status()
            }
        }

        @Test("Ctrl-C at the prompt gives the terminal back as it was")
        func interrupted() async throws {
            try await Account.using { account in
                let terminal = try start(account, ["--client-id", "app"])
                try await eventually("the prompt") { terminal.output.contains("Client secret of app: ") }
                try await eventually("no echo") { !terminal.echoes }
                terminal.type("half\u{3}")
                #expect(await terminal.status() == 130)
                #expect(terminal.echoes)
                #expect(terminal.output.contains("basespacefs: interrupted"))
            }
        }

        @Test("Ctrl-C while it waits ends it at once, and nothing is written")
        func interruptedWaiting() async throws {
            try await Account.using { account in
                let terminal = try start(
                    account,
                    ["--client-id", "app"],
                    environment: ["BASESPACE_CLIENT_SECRET": LoginTests.appSecret]
                )
                try await eventually("it waits") { terminal.output.contains("Waiting for the answer") }
                terminal.type("\u{3}")
                #expect(await terminal.status() == 130)
                #expect(terminal.output.contains("basespacefs: interrupted"))
                #expect(!FileManager.default.fileExists(atPath: account.home.file(".basespace").string))
            }
        }

        @Test("Ctrl-C after the answer revokes the token, which nobody has")
        func interruptedAfterGrant() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                account.simulator.setFaults([.init(.latency(.seconds(60)), on: .init(path: "*/users/current"))])
                let terminal = try start(
                    account,
                    ["--client-id", "app"],
                    environment: ["BASESPACE_CLIENT_SECRET": LoginTests.appSecret]
                )
                try await eventually("it asks whose the token is") {
                    account.simulator.requests.contains { $0.path.hasSuffix("/users/current") }
                }
                terminal.type("\u{3}")
                #expect(await terminal.status() == 130)
                #expect(account.simulator.requests.filter { $0.method == "DELETE" }.map(\.status) == [200])
                #expect(account.token() == nil)
            }
        }

        @Test("A token is asked for without showing it")
        func token() async throws {
            try await Account.using { account in
                let terminal = try start(account, ["--with-token"])
                try await eventually("the prompt") { terminal.output.contains("Access token: ") && !terminal.echoes }
                terminal.type("\(Account.token)\n")
                #expect(await terminal.status() == 0)
                #expect(!terminal.output.contains(Account.token) && account.token() == Account.token)
            }
        }

        @Test("Nor is it shown at a terminal that is standard input and not the process's own")
        func foreignTerminal() async throws {
            try await Account.using { account in
                let terminal = try start(account, ["--with-token"], under: ["setsid", "-w"])
                try await eventually("the prompt") { terminal.output.contains("Access token: ") && !terminal.echoes }
                terminal.type("\(Account.token)\n")
                #expect(await terminal.status() == 0)
                #expect(terminal.echoes)
                #expect(!terminal.output.contains(Account.token) && account.token() == Account.token)
            }
        }

        @Test(
            "No QR code where there is no room, on a dumb terminal, or by --no-qr",
            arguments: [
                ([String](), "xterm", UInt16(30)), ([], "dumb", 120), (["--no-qr"], "xterm", 120),
            ]
        )
        func noPicture(arguments: [String], term: String, columns: UInt16) async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                let terminal = try start(
                    account,
                    ["--client-id", "app"] + arguments,
                    environment: ["BASESPACE_CLIENT_SECRET": LoginTests.appSecret, "TERM": term],
                    columns: columns
                )
                #expect(await terminal.status() == 0)
                #expect(!terminal.output.contains("▀") && !terminal.output.contains("\u{1B}"))
            }
        }
    }
}
