import BaseSpaceSimulator
import Foundation
import Glibc
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Starting apps, refreshing and completing from the command line")
    struct LaunchTests {
        private func launch(_ whole: WholeAccount, _ arguments: String...) async throws -> ShellResult {
            try await whole.mount.account.program(["launch"] + arguments + whole.mount.account.credentials)
        }

        @Test("An app is started with inputs from options, and again with the payload of its session")
        func launches() async throws {
            try await WholeAccount.using { whole in
                let mount = whole.mount
                let first = try await launch(
                    whole,
                    "simulated app",
                    "--project",
                    mount.absolute(WholeAccount.project),
                    "--input",
                    "samples[]=\(mount.absolute(WholeAccount.sample))",
                    "--input",
                    "mode=fast",
                    "--name",
                    "First",
                    "--json"
                )
                #expect(first.status == 0, "\(first.errors)")
                let said = try #require(
                    try JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: String]
                )
                #expect(said["status"] == "Running" && said["name"] == "First")

                let refresh = try await mount.account.program(["refresh", mount.absolute("AppSessions")])
                #expect(refresh.status == 0, "\(refresh.errors)")
                #expect(
                    try await mount.output(
                        "cd AppSessions/First/Properties && cat Input.mode Input.samples/0/.id Input.project-id/.name"
                    ) == "fast\n\(whole.sample.id)\nTrio\n"
                )
                let again = try await launch(
                    whole,
                    "1001",
                    "--payload",
                    mount.absolute("AppSessions/First/LaunchPayload"),
                    "--name",
                    "Again"
                )
                #expect(again.status == 0 && again.output.contains("'Again': Running"), "\(again.errors)")
                try await mount.output("echo refresh > AppSessions/.commands")
                #expect(try await mount.output("cat AppSessions/Again/Properties/Input.mode") == "fast\n")
            }
        }

        @Test("--wait ends with the session: 0 when it is complete, 1 otherwise; Ctrl-C leaves it alone")
        func waits() async throws {
            try await WholeAccount.using { whole in
                let waiting = Task { try await launch(whole, "1001", "--name", "Watched", "--wait") }
                try await eventually("the session is there") {
                    try await whole.mount.output("echo refresh > AppSessions/.commands; ls AppSessions").contains(
                        "Watched"
                    )
                }
                whole.simulator.advanceClock(by: .seconds(86_400))
                let end = try await waiting.value
                #expect(end.status == 0, "\(end.errors)")
                #expect(end.errors.contains(": Running") && end.errors.contains(": Complete"))

                let account = whole.mount.account
                let left = try Shell.start(
                    [BuiltProducts.path(of: "basespacefs"), "launch", "1001", "--name", "Left", "--wait"]
                        + account.credentials,
                    environment: account.environment
                )
                try await eventually("the other session is there") {
                    try await whole.mount.output("echo refresh > AppSessions/.commands; ls AppSessions").contains(
                        "Left"
                    )
                }
                // Ctrl-C is heard also by one who waits for the service.
                let look = "/v1pre3/appsessions/"
                whole.simulator.setFaults([.init(.hang, on: .init(method: "GET", path: look + "*"))])
                whole.simulator.resetRequests()
                try await eventually("a look hangs") {
                    whole.simulator.requests.contains { $0.method == "GET" && $0.path.hasPrefix(look) }
                }
                kill(left.pid, SIGINT)
                let interrupted = try await left.result()
                #expect(interrupted.status == 130)
                #expect(interrupted.errors.contains("'Left' goes on (Running)"))
            }
        }

        @Test("What can't be started is said in one line")
        func refusals() async throws {
            try await WholeAccount.using { whole in
                for (arguments, words) in [
                    (["no such app"], "there is no app 'no such app'"),
                    (["1001", "--payload", "/nowhere"], "can't read the payload in /nowhere"),
                    (["1001", "--input", "x=/tmp"], "'/tmp' is no project"), (["77"], "404"),
                ] {
                    let result = try await whole.mount.account.program(
                        ["launch"] + arguments + whole.mount.account.credentials
                    )
                    #expect(result.status == 1, "\(arguments)")
                    #expect(result.errors.contains(words), "\(result.errors)")
                    #expect(result.errors.split(separator: "\n").count == 1)
                }
            }
        }

        @Test("A path in a mount of another server, or of another user, starts nothing; the line says what to give")
        func otherAccounts() async throws {
            try await WholeAccount.using { whole in
                let (simulator, credentials) = (whole.simulator, whole.mount.account.credentials)
                let (sample, project) = (
                    whole.mount.absolute(WholeAccount.sample), whole.mount.absolute(WholeAccount.project)
                )
                let user = await whole.service.call("GET", "users/current")
                let id = try #require(user["Id"] as? String)
                let place = "is in a mount of \(simulator.apiURL) (user \(id)), and this starts the app"
                let advice = "give the --profile, or --api-server and --access-token-file, of that account"
                try await Account.using(.script("true")) { other in
                    for (arguments, path) in [
                        (["--input", "s[]=\(sample)"], sample), (["--project", project], project),
                    ] {
                        let result = try await other.program(["launch", "1001"] + arguments + other.credentials)
                        #expect(result.status == 1)
                        let words = "'\(path)' \(place) at \(other.simulator.apiURL): \(advice)"
                        #expect(result.errors == "basespacefs: \(words)\n")
                    }
                    #expect(other.simulator.requests.isEmpty)
                }

                simulator.resetRequests()
                let somebody = #"{"Response":{"Id":"77","Name":"Some\nBody"}}"#
                simulator.setFaults([Fault(.status(200, body: somebody), on: .init(path: "*/users/current"))])
                let result = try await launch(whole, "1001", "--input", "s=\(sample)")
                #expect(result.status == 1)
                #expect(
                    result.errors == "basespacefs: '\(sample)' \(place) as Some?Body (user 77): \(advice)\n"
                )
                // Who names an id does not need the mount.
                let named = ["--input", "s=sample:\(whole.sample.id)"]
                #expect(!simulator.requests.contains { $0.method == "POST" })
                #expect(try await whole.mount.account.program(["launch", "1001"] + named + credentials).status == 0)
            }
        }

        @Test("complete ends the session of what a path is in, or says why not")
        func completes() async throws {
            try await Mount.using(.random(["projects/P/samples/S/f": 10])) { mount in
                let result = try await mount.makeAppResult()
                let files = mount.absolute(result.files)
                try await mount.output("echo x > '\(result.files)/f'")
                let holder = try mount.start("bash", "-c", "exec 5> '\(files)/open'; exec sleep 60")
                try await eventually("the file is open") { FileManager.default.fileExists(atPath: files + "/open") }
                let refused = try await mount.account.program(["complete", files])
                #expect(
                    refused.status == 1 && refused.errors.contains("'open' is open for writing"),
                    "\(refused.errors)"
                )
                kill(holder.pid, SIGKILL)
                _ = try await holder.result()
                try await mount.output("rm '\(result.files)/open'")
                let done = try await mount.account.program(["complete", files + "/f"])
                #expect(done.status == 0, "\(done.errors)")
                #expect(try await mount.output("cat '\(result.path)/Status'") == "Complete\n")
                // Once more changes nothing, and one path that is wrong does not keep the others from it.
                #expect(try await mount.account.program(["complete", "/nowhere", files, "/tmp"]).status == 1)
                #expect(try await mount.account.program(["complete", files]).status == 0)
                for path in [mount.absolute("Projects"), "/tmp", "/nowhere"] {
                    #expect(try await mount.account.program(["complete", path]).status == 1)
                }
            }
        }

        @Test("complete says that a path is no AppResult, whatever is called Status beside or above it")
        func completesNothingElse() async throws {
            let names = ["projects/Status/samples/Status/Status", "projects/Status/appresults/Status/Status"]
            try await Mount.using(.random(Dictionary(uniqueKeysWithValues: names.map { ($0, 10) }))) { mount in
                for path in ["", "/AppResults", "/Samples", "/Samples/Status", "/Samples/Status/Files"] {
                    let path = mount.absolute("Projects/Status\(path)")
                    let result = try await mount.account.program(["complete", path])
                    #expect(result.status == 1)
                    #expect(result.errors == "basespacefs: \(path) is no AppResult or AppSession, and in none\n")
                }
                let result = try await mount.makeAppResult("Status 2", in: "Status")
                try await result.output("echo words > Status")
                let done = try await mount.account.program(["complete", mount.absolute(result.files)])
                #expect(done.status == 0, "\(done.errors)")
                #expect(try await mount.output("cat '\(result.path)/Status'") == "Complete\n")
            }
        }
    }
}
