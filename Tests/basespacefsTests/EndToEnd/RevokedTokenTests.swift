import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A token that is revoked while mounted")
    struct RevokedTokenTests {
        private static let second = "5ec5e7f00dfeedfacecafebabe067890"

        /// Mounts by a profile.
        private func using(
            _ options: [String],
            _ body: (Mount) async throws -> Void
        ) async throws {
            let files = ["projects/P/samples/S/f": 3_000_000, "projects/Q/samples/S/f": 100]
            try await Account.using(.random(files)) { account in
                try await account.login("lab", token: Account.token)
                account.simulator.addToken(Self.second, .all)
                let path = try account.makeMountPoint()
                let log = ["--log-level", "info", "--log-file", account.logFile.string]
                let result = try await account.program(["mount", "lab"] + log + options + [path.string])
                try #require(result.status == 0, "\(result.errors)")
                try await body(Mount(account: account, path: path))
            }
        }

        private func lines(_ account: Account, _ text: String) -> Int {
            account.log.split(separator: "\n").count { $0.contains(text) }
        }

        @Test("EACCES and one line in the log; after a login it goes on, as do those who have files open")
        func goesOn() async throws {
            try await using(["--cache-dir", "none", "--metadata-ttl", "0.1"]) { mount in
                let account = mount.account
                let fifo = account.home.file("fifo").string
                try #require(mkfifo(fifo, 0o600) == 0)
                // Reads a little, waits until it is told, and reads the rest.
                let reader = try mount.start(
                    "bash",
                    "-c",
                    "exec 3< \"$1\"; head -c 10 <&3 > /dev/null; read -r word < \"$2\"; cat <&3 | wc -c",
                    "-",
                    mount.absolute("Projects/P/Samples/S/Files/f"),
                    fifo
                )
                try await eventually("it has read") {
                    account.simulator.requests.contains { $0.listener == .objectStore }
                }
                account.simulator.revokeToken(Account.token)
                try await eventually("it is refused") {
                    try await mount.run("ls Projects").errors.contains("Permission denied")
                }
                for _ in 0..<5 { try await mount.expect("ls Projects/Q/Samples", failsWith: "Permission denied") }
                try await mount.expect("mkdir Projects/New", failsWith: "Permission denied")
                #expect(lines(account, "refuses the token from profile lab") == 1)
                #expect(lines(account, "`basespacefs login lab`") == 1)
                #expect(lines(account, "401") == 1)

                try await account.login("lab", token: Self.second)
                try await eventually("it goes on") { try await mount.run("ls Projects").status == 0 }
                try await mount.output("cmp Projects/Q/Samples/S/Files/f \"$DATA/projects/Q/samples/S/f\"")
                #expect(lines(account, "the new one that is there now is used") == 1)
                try await mount.output("echo go > '\(fifo)'")
                let read = try await reader.result()
                #expect(read.status == 0 && read.output == "2999990\n", "\(read.errors)")
                #expect(!account.log.contains(Account.token) && !account.log.contains(Self.second))
            }
        }

        @Test("Another token in the file of --access-token-file is taken as well")
        func tokenFile() async throws {
            try await Account.using(.random(["projects/P/samples/S/f": 100])) { account in
                account.simulator.addToken(Self.second, .all)
                let path = try account.makeMountPoint()
                // The file is named by a path that means nothing where the daemon stays.
                let result = try await Shell.run(
                    ["bash", "-c", "cd \"$1\" && shift && exec \"$@\"", "-", account.home.path.string]
                        + [BuiltProducts.path(of: "basespacefs"), "mount", "--api-server", account.simulator.apiURL]
                        + ["--access-token-file", "token", "--metadata-ttl", "0.1"]
                        + ["--log-file", account.logFile.string, path.string],
                    environment: account.environment
                )
                try #require(result.status == 0, "\(result.errors)")
                let mount = Mount(account: account, path: path)
                account.simulator.revokeToken(Account.token)
                try await mount.expect("ls Runs", failsWith: "Permission denied")
                #expect(lines(account, "put a new one into the file") == 1)
                try Data(Self.second.utf8).write(to: URL(filePath: account.home.file("token").string))
                try await eventually("it goes on") { try await mount.run("ls Runs").status == 0 }
            }
        }

        @Test("user.json tells the rights of the new token")
        func rights() async throws {
            try await using(["--metadata-ttl", "0.1"]) { mount in
                let account = mount.account
                let scopes = "jq -c .scopes .basespacefs/user.json"
                #expect(try await mount.output(scopes).contains("WRITE GLOBAL"))
                account.simulator.addToken(Self.second, .readOnly)
                try await account.login("lab", token: Self.second)
                account.simulator.revokeToken(Account.token)
                try await eventually("they are told") {
                    _ = try await mount.run("ls Runs")
                    return try await mount.run(scopes).output == #"["BROWSE GLOBAL","READ GLOBAL"]"# + "\n"
                }
            }
        }

        @Test("An upload under way goes on with the new token")
        func upload() async throws {
            try await using(["--upload-part-size", "5M"]) { mount in
                let account = mount.account
                let result = try await mount.makeAppResult()
                try await account.login("lab", token: Self.second)
                account.simulator.setFaults([.init(.latency(.milliseconds(100)), on: .init(method: "PUT"))])
                async let copied = mount.run("head -c 40000000 /dev/zero > '\(result.files)/f'")
                try await eventually("parts arrive") {
                    account.simulator.requests.contains { $0.method == "PUT" && $0.status != nil }
                }
                account.simulator.revokeToken(Account.token)
                #expect(try await copied.status == 0)
                #expect(result.received.map(\.size) == [40_000_000])
                #expect(lines(account, "the new one that is there now is used") == 1)
            }
        }

        @Test("What could not be uploaded in the background is sent after the login")
        func background() async throws {
            try await using(["--upload-policy", "background"]) { mount in
                let account = mount.account
                let result = try await mount.makeAppResult()
                // It is known what is there: making a file takes no call.
                try await result.output("ls")
                account.simulator.revokeToken(Account.token)
                try await result.output("echo words > f")
                try await eventually("it is refused") { lines(account, "refuses the token") == 1 }
                try await eventually("the upload has failed") {
                    try await account.program(["uploads", "list"]).output.contains("failed")
                }
                try await account.login("lab", token: Self.second)
                // Any call finds the new token.
                try await eventually("it has arrived") {
                    _ = try await mount.run("echo refresh > .commands; ls Projects")
                    return result.received.map(\.size) == [6]
                }
            }
        }
    }
}
