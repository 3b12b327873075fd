import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("login, logout")
    struct LoginTests {
        static let appSecret = "5ec5e7a99"

        private func login(
            _ account: Account,
            _ arguments: [String] = [],
            environment: [String: String] = [:]
        ) async throws -> ShellResult {
            try await account.program(
                ["login", "--api-server", account.simulator.apiURL, "--client-id", "app"] + arguments,
                environment: ["BASESPACE_CLIENT_SECRET": Self.appSecret].merging(environment) { $1 }
            )
        }

        /// What questions for a token came to the service.
        private func questions(_ account: Account) -> [RecordedRequest] {
            account.simulator.requests.filter { $0.path == "/v1pre3/oauthv2/token" }
        }

        private func object(_ text: String) throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }

        @Test("Granted: the profile has server and token, readable by the user alone, and whoami tells the rest")
        func granted() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                let result = try await login(account)
                #expect(result.status == 0, "\(result.errors)")
                let code = try #require(result.errors.firstMatch(of: /device\?code=(\w+)/)?.output.1)
                #expect(result.errors.contains("enter the code \(code) on https://basespace.example/oauth/device"))
                #expect(!result.errors.contains("▀"), "standard error is no terminal")
                #expect(result.output.hasPrefix("Logged in; server and token are in \(account.profile())\n"))

                let status = try FileManager.default.attributesOfItem(atPath: account.profile().string)
                #expect(status[.posixPermissions] as? Int == 0o600)
                let token = try #require(account.token())
                #expect(!(result.output + result.errors).contains(token))
                #expect(!(result.output + result.errors).contains(Self.appSecret))
                for request in account.simulator.requests {
                    #expect(!request.query.contains(token) && !request.query.contains(Self.appSecret))
                }
                let whoami = try await account.program(["whoami"])
                #expect(whoami.status == 0 && whoami.errors == "")
                #expect(whoami.output.contains("Token:     from profile default"))
                #expect(whoami.output.contains("create projects, movetotrash global, read global, start applications"))
            }
        }

        @Test("--read-only asks for two rights, --scopes for what it says; as JSON too")
        func scopes() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                let reading = try object(try await login(account, ["--read-only", "--json", "eu"]).output)
                #expect(reading["scopes"] as? [String] == ["BROWSE GLOBAL", "READ GLOBAL"])
                #expect(reading["profile"] as? String == "eu")
                #expect(reading["file"] as? String == account.profile("eu").string)
                #expect(reading["name"] as? String == "Simulated User")
                #expect(reading["server"] as? String == account.simulator.apiURL)
                let own = try object(try await login(account, ["--scopes", "browse global", "--json"]).output)
                #expect(own["scopes"] as? [String] == ["BROWSE GLOBAL"])
                let whoami = try object(try await account.program(["whoami", "--json"]).output)
                #expect(whoami["scopes"] as? [String] == ["BROWSE GLOBAL"])
                account.simulator.setFaults([.init(.status(403), on: .init(path: "*/token/current"))])
                #expect(try await account.program(["whoami"]).output.contains("Scopes:    unknown"))
                #expect(try object(try await account.program(["whoami", "--json"]).output)["scopes"] == nil)

                let wrong = try await login(account, ["--scopes", "browse everything", "new"])
                #expect(wrong.status == 1 && wrong.errors.contains("browse everything is no scope"))
                #expect(account.token("new") == nil)
            }
        }

        @Test(
            "Denied, expired: one line says so, and nothing is written",
            arguments: [(Simulator.DeviceAnswer.deny, "denied"), (.expire, "expired")]
        )
        func refused(answer: Simulator.DeviceAnswer, word: String) async throws {
            try await Account.using { account in
                account.simulator.answerDevice(answer)
                let result = try await login(account)
                #expect(result.status == 1 && result.output == "")
                let line = try #require(result.errors.split(separator: "\n").last)
                #expect(line.hasPrefix("basespacefs: not logged in: ") && line.contains(word))
                #expect(!FileManager.default.fileExists(atPath: account.home.file(".basespace").string))
            }
        }

        @Test("slow_down makes the questions rarer")
        func slowDown() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.slow)
                async let result = login(account)
                try await eventually("an answer") { questions(account).first?.status != nil }
                account.simulator.answerDevice(.grant)
                #expect(try await result.status == 0)
                let times = questions(account).map(\.started)
                #expect(times.count == 2 && times[1] - times[0] > 5.5, "1 s and 5 s more")
            }
        }

        @Test("A server that is gone for a while is asked on, which is said once")
        func serverGone() async throws {
            try await Account.using { account in
                account.simulator.setFaults([
                    .init(.reset(afterBytes: 0), on: .init(path: "/v1pre3/oauthv2/token", count: 2))
                ])
                async let result = login(account)
                try await eventually("two questions") { questions(account).count >= 3 }
                account.simulator.answerDevice(.grant)
                let errors = try await result.errors
                #expect(try await result.status == 0, "\(errors)")
                #expect(errors.components(separatedBy: "does not answer").count == 2)
                #expect(account.token() != nil)
            }
        }

        @Test("--with-token takes a token from standard input, if it works")
        func withToken() async throws {
            try await Account.using { account in
                let result = try await account.login("eu", token: Account.token)
                #expect(result.status == 0 && account.token("eu") == Account.token)
                #expect(try await account.program(["whoami", "eu"]).status == 0)
                for wrong in ["0123456789abcdef", "", "two words"] {
                    let result = try await account.login("eu", token: wrong)
                    #expect(result.status == 1 && result.errors.split(separator: "\n").count == 1)
                    #expect(account.token("eu") == Account.token, "what does not work is not written")
                }
                let unreachable = try await Shell.run(
                    [
                        "bash", "-c",
                        "echo \(Account.token) | \"$1\" login --with-token --api-server http://127.0.0.1:1", "-",
                        BuiltProducts.path(of: "basespacefs"),
                    ],
                    environment: account.environment
                )
                #expect(unreachable.status == 1 && unreachable.errors.contains("can't reach http://127.0.0.1:1"))
                #expect(account.token() == nil && !unreachable.errors.contains(Account.token))
            }
        }

        @Test("The app comes from option, environment or profile; what is missing is said in one line")
        func app() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                let server = ["--api-server", account.simulator.apiURL]
                let noID = try await account.program(["login"] + server)
                #expect(noID.status == 1 && noID.errors.contains("--client-id") && noID.errors.contains("--with-token"))
                // No terminal: what the test runner's session has is not this process's.
                let noSecret = try await Shell.run(
                    ["setsid", "-w", BuiltProducts.path(of: "basespacefs"), "login", "--client-id", "app"] + server,
                    environment: account.environment
                )
                #expect(noSecret.status == 1 && noSecret.errors.contains("set BASESPACE_CLIENT_SECRET"))
                #expect(noSecret.errors.split(separator: "\n").count == 1)

                let text = "# mine\n[DEFAULT]\nclientId = app\nclientSecret = \(Self.appSecret)\n\n[BSFS]\na = b\n"
                try account.writeProfile(text)
                let result = try await account.program(["login"] + server)
                #expect(result.status == 0, "\(result.errors)")
                let token = try #require(account.token())
                let lines = "apiServer   = \(account.simulator.apiURL)\naccessToken = \(token)\n"
                #expect(
                    try String(contentsOfFile: account.profile().string, encoding: .utf8)
                        == text.replacing("\n\n[BSFS]", with: "\n\(lines)\n[BSFS]")
                )
                let environment = ["BASESPACE_CLIENT_ID": "x", "BASESPACE_CLIENT_SECRET": "y"]
                #expect(try await account.program(["login", "eu"] + server, environment: environment).status == 0)
                #expect(
                    try String(contentsOfFile: account.profile("eu").string, encoding: .utf8).contains("lient") == false
                )
            }
        }

        @Test("A home that can't be written to is said before anybody is asked", .enabled(if: SmallDisk.isAvailable))
        func readOnlyHome() async throws {
            try await Account.using { account in
                let disk = try SmallDisk(bytes: 1 << 20)
                try disk.makeReadOnly()
                let result = try await login(account, environment: ["HOME": disk.path.string])
                #expect(result.status == 1)
                #expect(
                    result.errors
                        == "basespacefs: can't write \(disk.path)/.basespace/default.cfg: \(disk.path): Read-only file system\n"
                )
                #expect(account.simulator.requests.isEmpty)
            }
        }

        @Test("A token that can't be written is revoked again", .enabled(if: SmallDisk.isAvailable))
        func fullHome() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                let disk = try SmallDisk(bytes: 64 << 10)
                _ = try await Shell.script("cat /dev/zero > \"$1/ballast\"", disk.path.string)
                let result = try await login(account, environment: ["HOME": disk.path.string])
                #expect(result.status == 1 && result.output == "")
                #expect(result.errors.contains("No space left on device; nothing was changed"))
                let revocations = account.simulator.requests.filter { $0.method == "DELETE" }
                #expect(revocations.map(\.path) == ["/v2/oauthv2tokens/current"])
                #expect(revocations.map(\.status) == [200])
                let left = try FileManager.default.contentsOfDirectory(atPath: disk.path.appending(".basespace").string)
                #expect(left == [])
            }
        }

        @Test("A token whose user the service does not tell is revoked again")
        func noUser() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                account.simulator.setFaults([.init(.status(403), on: .init(path: "*/users/current"))])
                let result = try await login(account)
                #expect(result.status == 1 && result.errors.contains("has no right to browse"))
                #expect(account.simulator.requests.filter { $0.method == "DELETE" }.map(\.status) == [200])
                #expect(account.token() == nil)
                try await account.login(token: Account.token)
                #expect(account.simulator.requests.count { $0.method == "DELETE" } == 1, "a given token is not revoked")
            }
        }

        @Test("A token in the environment, which wins, is warned of")
        func environment() async throws {
            try await Account.using { account in
                account.simulator.answerDevice(.grant)
                let variables = ["BASESPACE_ACCESS_TOKEN": Account.token]
                let result = try await login(account, environment: variables)
                #expect(
                    result.status == 0 && result.errors.contains("BASESPACE_ACCESS_TOKEN is set, and is used instead")
                )
                #expect(!result.errors.contains(Account.token))
                let out = try await account.program(["logout"], environment: variables)
                #expect(out.status == 0 && out.errors.contains("BASESPACE_ACCESS_TOKEN is set"))
            }
        }

        @Test("logout removes the token and nothing else; a second one is no failure")
        func logout() async throws {
            try await Account.using { account in
                try await account.login("eu", token: Account.token)
                let result = try await account.program(["logout", "eu"])
                #expect(result.status == 0 && result.output.hasPrefix("Logged out: "))
                #expect(
                    try String(contentsOfFile: account.profile("eu").string, encoding: .utf8)
                        == "[DEFAULT]\napiServer   = \(account.simulator.apiURL)\n"
                )
                #expect(try await account.program(["whoami"] + account.credentials).status == 0, "it was not revoked")
                let again = try object(try await account.program(["logout", "eu", "--json"]).output)
                #expect(again["removed"] as? Bool == false && again["revoked"] as? Bool == false)
                #expect(try await account.program(["logout", "nobody", "--revoke"]).status == 0)
                #expect(!FileManager.default.fileExists(atPath: account.profile("nobody").string))
            }
        }

        @Test("logout --revoke revokes nothing where it can't write", .enabled(if: SmallDisk.isAvailable))
        func revokeReadOnly() async throws {
            try await Account.using { account in
                let disk = try SmallDisk(bytes: 1 << 20)
                let profile = disk.path.appending("x.cfg").string
                try await account.login(profile, token: Account.token)
                try disk.makeReadOnly()
                let result = try await account.program(["logout", "--revoke", profile])
                #expect(result.status == 1 && result.errors.contains("can't write \(profile): "))
                #expect(!account.simulator.requests.contains { $0.method == "DELETE" })
            }
        }

        @Test("logout --revoke revokes first, and keeps a token that it can't revoke")
        func revoke() async throws {
            try await Account.using { account in
                try await account.login(token: Account.token)
                account.simulator.setFaults([.init(.status(500), on: .init(method: "DELETE"))])
                let failed = try await account.program(["logout", "--revoke"])
                #expect(failed.status == 1 && failed.errors.contains("is not revoked and stays in"))
                #expect(account.token() == Account.token && !failed.errors.contains(Account.token))
                account.simulator.setFaults([])
                // The profile's own server, whatever the environment says.
                let result = try await account.program(
                    ["logout", "--revoke", "--json"],
                    environment: ["BASESPACE_API_SERVER": "http://127.0.0.1:1"]
                )
                let object = try object(result.output)
                #expect(object["removed"] as? Bool == true && object["revoked"] as? Bool == true)
                #expect(account.token() == nil)
                #expect(try await account.program(["whoami"] + account.credentials).status == 1)

                try account.writeProfile("apiServer=\(account.simulator.apiURL)\naccessToken=\(Account.token)\n")
                let before = try await account.program(["logout", "--revoke"])
                #expect(before.status == 0 && before.output.contains("was revoked before"))
            }
        }

        @Test(
            "Options that exclude each other are refused",
            arguments: [
                ["--read-only", "--scopes", "x"], ["--with-token", "--read-only"],
                ["--with-token", "--client-id", "x"],
            ]
        )
        func usage(arguments: [String]) async throws {
            let result = try await Shell.run([BuiltProducts.path(of: "basespacefs"), "login"] + arguments)
            #expect(result.status == 64 && result.errors.split(separator: "\n").count == 1)
        }
    }
}
