import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("doctor")
    struct DoctorTests {
        private static let data = ["projects/P/samples/S/f": 100]
        private static let names = [
            "fuse", "fusermount3", "allow_other", "kernel", "limits", "certificates", "credentials", "proxy", "server",
            "clock", "token", "scopes", "cache", "staging", "uploads", "mounts",
        ]

        /// What `doctor --json` says, by the checks' names, after it ended with this status.
        private func findings(
            _ account: Account,
            _ status: Int32,
            _ arguments: [String] = [],
            environment: [String: String] = [:]
        ) async throws -> [String: [String: String]] {
            let result = try await account.program(
                ["doctor", "--json"] + account.credentials + arguments,
                environment: environment
            )
            #expect(result.status == status, "\(result.output)\(result.errors)")
            #expect(!(result.output + result.errors).contains(Account.token))
            let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
            let checks = try #require(object?["checks"] as? [[String: String]])
            #expect(checks.map { $0["check"] } == Self.names, "every check runs, whatever the others say")
            #expect(checks.allSatisfy { $0["finding"]?.isEmpty == false })
            #expect(checks.contains { $0["verdict"] == "failure" } == (status == 1))
            return Dictionary(uniqueKeysWithValues: checks.map { ($0["check"] ?? "", $0) })
        }

        @Test("finds nothing wrong where nothing is, a line for each check, and changes nothing")
        func healthy() async throws {
            try await Account.using(.random(Self.data)) { account in
                let result = try await account.program(["doctor"] + account.credentials)
                #expect(result.status == 0 && result.errors == "")
                #expect(result.lines.count == Self.names.count)
                for (line, name) in zip(result.lines, Self.names) {
                    let words = line.split(separator: " ")
                    #expect(["ok", "warning"].contains(words[0]) && words[1] == name, "\(line)")
                }
                #expect(!result.output.contains("\u{1B}"))
                #expect(result.output.contains("it is Simulated User's (user "))
                for place in ["cache/basespacefs", "state/basespacefs"] {
                    #expect(!FileManager.default.fileExists(atPath: account.home.file(place).string))
                }
                let findings = try await findings(account, 0)
                for name in ["credentials", "server", "clock", "token", "scopes", "uploads"] {
                    #expect(findings[name]?["verdict"] == "ok", "\(name)")
                }
            }
        }

        @Test("says what is wrong with the clock", arguments: [(60, 0, "warning"), (-7200, 1, "failure")])
        func clock(seconds: Int, status: Int32, verdict: String) async throws {
            try await Account.using(.random(Self.data)) { account in
                account.simulator.advanceClock(by: .seconds(seconds))
                let clock = try #require(try await findings(account, status)["clock"])
                #expect(clock["verdict"] == verdict)
                #expect(clock["finding"]?.contains(seconds > 0 ? "behind" : "ahead of") == true)
                #expect(clock["advice"]?.contains("timedatectl") == true)
            }
        }

        @Test("says which rights the token lacks")
        func scopes() async throws {
            try await Account.using(.random(Self.data), configure: { $0.tokens = [Account.token: .browseOnly] }) {
                account in
                let findings = try await findings(account, 1)
                #expect(findings["token"]?["verdict"] == "ok")
                #expect(findings["scopes"]?["verdict"] == "failure")
                #expect(findings["scopes"]?["finding"]?.contains("browse global") == true)
            }
        }

        @Test("says that the token is refused, and that the server has trouble")
        func refused() async throws {
            try await Account.using(.random(Self.data), configure: { $0.tokens = [:] }) { account in
                let findings = try await findings(account, 1)
                #expect(findings["server"]?["verdict"] == "ok", "it answers all the same")
                #expect(findings["token"]?["verdict"] == "failure")
                #expect(findings["token"]?["finding"]?.contains("does not accept the token") == true)
                #expect(findings["scopes"]?["verdict"] == "warning")
            }
        }

        @Test("says that the server is gone, and looks at the rest")
        func gone() async throws {
            try await Account.using(.random(Self.data)) { account in
                await account.simulator.stop()
                let findings = try await findings(account, 1)
                #expect(findings["server"]?["verdict"] == "failure")
                #expect(findings["token"]?["verdict"] == "warning")
                #expect(findings["cache"]?["verdict"] != "failure")
            }
        }

        @Test("says what it is when there is no token, no HOME, and no place for the cache")
        func nothing() async throws {
            try await Account.using(.random(Self.data)) { account in
                let result = try await account.program(
                    ["doctor", "--api-server", account.simulator.apiURL, "--cache-dir", "/dev/null/x"],
                    environment: ["HOME": "", "XDG_STATE_HOME": "", "XDG_CACHE_HOME": ""]
                )
                #expect(result.status == 1)
                #expect(result.errors == "basespacefs: 4 of 16 checks failed\n", "\(result.output)")
                for name in ["credentials", "cache", "staging", "uploads"] {
                    #expect(result.lines.contains { $0.hasPrefix("failure  \(name) ") }, "\(name)")
                }
                #expect(result.lines.contains { $0.hasPrefix("ok       server ") })
            }
        }

        @Test("tells of a mount whose process is gone, and of what it has not uploaded")
        func leftovers() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let result = try await mount.makeAppResult()
                try await result.output("echo words > f")
                // Whatever else is mounted on this machine.
                let mounts = try #require(try await findings(account, 0)["mounts"]?["finding"])
                #expect(mounts.contains(" answer") && !mounts.contains("\(mount.path): "), "\(mounts)")
                let daemon = try mount.daemon
                kill(daemon, SIGKILL)
                try await eventually("it is gone") { !account.daemons.contains(daemon) }
                let findings = try await findings(account, 0)
                #expect(findings["mounts"]?["verdict"] == "warning")
                #expect(findings["mounts"]?["finding"]?.contains("\(mount.path): its process is gone") == true)
                #expect(findings["uploads"]?["verdict"] == "warning")
                #expect(findings["uploads"]?["finding"]?.hasPrefix("1 file, 6 bytes, not uploaded") == true)
            }
        }

        @Test("has colours on a terminal, and none with NO_COLOR", arguments: [true, false])
        func colours(wanted: Bool) async throws {
            try await Account.using(.random(Self.data)) { account in
                let terminal = try PseudoTerminal(
                    [BuiltProducts.path(of: "basespacefs"), "doctor"] + account.credentials,
                    environment: account.environment.merging(["TERM": "xterm", "NO_COLOR": wanted ? "" : "1"]) { $1 }
                )
                #expect(await terminal.status() == 0)
                try await eventually("the last line is there") { terminal.output.contains(" mounts ") }
                #expect(terminal.output.contains("\u{1B}[32mok") == wanted)
                #expect(terminal.output.contains("\u{1B}") == wanted)
            }
        }

        @Test("refuses what it can't understand")
        func usage() async throws {
            try await Account.using(.random(Self.data)) { account in
                for arguments in [["--cache-dir", ""], ["--bogus"], ["a", "b"]] {
                    let result = try await account.program(["doctor"] + arguments)
                    #expect(result.status == 64 && result.output == "")
                    #expect(result.errors.split(separator: "\n").count == 1)
                }
            }
        }
    }
}
