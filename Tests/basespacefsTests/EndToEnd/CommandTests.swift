import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The other commands")
    struct CommandTests {
        private static let data = ["projects/P/samples/S/f": 100]

        private func exec(_ account: Account, _ script: String) async throws -> ShellResult {
            try await account.program(["exec"] + account.credentials + ["--", "bash", "-c", script])
        }

        @Test("exec runs a command in a mount, returns its status, and leaves nothing")
        func execStatus() async throws {
            try await Account.using(.random(Self.data)) { account in
                let compared = try await exec(
                    account,
                    "cd $BASESPACE_MOUNT; cmp Projects/P/Samples/S/Files/f $DATA/projects/P/samples/S/f && pwd && cd /"
                )
                #expect(compared.status == 0, "\(compared.errors)")
                #expect(compared.errors == "")
                let mountPoint = compared.output.trimmingCharacters(in: .newlines)
                #expect(mountPoint.hasPrefix("/"))
                #expect(!FileManager.default.fileExists(atPath: mountPoint))

                #expect(try await exec(account, "exit 7").status == 7)
                #expect(try await exec(account, "kill -TERM $$").status == 143)
                let missing = try await account.program(["exec"] + account.credentials + ["--", "/no/such/command"])
                #expect(missing.status == 127)
                #expect(account.mountPoints == [])
                try await eventually("nothing is left") { account.daemons.isEmpty }
            }
        }

        @Test("exec finishes what its command has written and ends with it")
        func execUploads() async throws {
            try await Account.using(.random(Self.data)) { account in
                let result = try await exec(
                    account,
                    """
                    cd $BASESPACE_MOUNT/Projects/P && mkdir AppResults/R && echo words > AppResults/R/Files/f &&
                    getfattr --only-values -n user.basespace.id AppResults/R && cd /
                    """
                )
                #expect(result.status == 0, "\(result.errors)")
                #expect(account.simulator.uploadedFiles(appResult: result.output).map(\.size) == [6])
                #expect(account.daemons.isEmpty)
            }
        }

        @Test("exec passes a signal on to its command and clears away")
        func execSignal() async throws {
            try await Account.using(.random(Self.data)) { account in
                let started = account.home.file("started").string
                let running = try Shell.start(
                    [BuiltProducts.path(of: "basespacefs"), "exec"] + account.credentials
                        + ["--", "bash", "-c", "touch '\(started)'; exec sleep 60"],
                    environment: account.environment
                )
                try await eventually("the command runs") { FileManager.default.fileExists(atPath: started) }
                running.send(SIGTERM)
                #expect(try await running.result().status == 128 + SIGTERM)
                #expect(account.mountPoints == [])
                #expect(account.daemons.isEmpty)
            }
        }

        @Test("whoami names the user and the server, for people and as JSON")
        func whoami() async throws {
            try await Account.using { account in
                let user = await ServiceClient(account.simulator).call("GET", "users/current")
                let name = try #require(user["Name"] as? String)
                let text = try await account.program(["whoami"] + account.credentials)
                #expect(text.status == 0)
                #expect(text.output.contains(name) && text.output.contains(account.simulator.apiURL))
                let json = try await account.program(["whoami", "--json"] + account.credentials)
                let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
                #expect(object?["name"] as? String == name)
                #expect(object?["id"] as? String == user["Id"] as? String)
            }
        }

        @Test("demo goes through, and leaves nothing running")
        func demo() async throws {
            try await Account.using { account in
                let mountPoint = account.home.file("demo").string
                let result = try await account.program(["demo", mountPoint])
                #expect(result.status == 0, "\(result.errors)")
                #expect(result.output.contains("samtools view -c"))
                #expect(result.output.contains("Complete"))
                #expect(result.errors == "")
                #expect(account.mountPoints == [])
                #expect(account.processes.map(\.arguments) == [])
                #expect(try FileManager.default.contentsOfDirectory(atPath: account.home.file("run").string) == [])
            }
        }
    }
}
