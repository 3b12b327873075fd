import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceSimulator

/// The executable, as a script uses it.
@Suite struct CommandTests {
    private func launch(_ arguments: [String], environment: [String: String] = [:]) throws -> RunningProcess {
        try Shell.start([BuiltProducts.path(of: "basespace-simulator")] + arguments, environment: environment)
    }

    /// The words of the ready line by their names.
    private func ready(_ line: String) -> [String: String] {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.first == "ready" else { return [:] }
        let pairs = words.dropFirst().map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(pairs.map { ($0[0], $0[1]) }) { first, _ in first }
    }

    @Test func itPrintsOneLineServesAndEndsOnSIGTERM() async throws {
        let data = try SimulatedData(Fixture.files)
        let tokenFile = data.directory.appending("token").string
        let process = try launch(["--data", data.directory.string, "--token-file", tokenFile])
        defer { process.send(SIGTERM) }
        let ready = self.ready(try await process.firstLine())
        let api = try #require(ready["api"])
        #expect(ready["objectstore"]?.hasPrefix("http://127.0.0.1:") == true)
        #expect(ready["token"] == nil)
        let token = try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(
            in: .whitespacesAndNewlines
        )
        #expect(token.count == 32)
        let mode = try FileManager.default.attributesOfItem(atPath: tokenFile)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let reply = await RawHTTP.send("GET", "\(api)/v1pre3/users/current/projects?access_token=\(token)")
        #expect(reply.object?["TotalCount"] == 2)
        process.send(SIGTERM)
        #expect(try await process.result().status == 0)
    }

    @Test func theTokenComesFromTheEnvironmentOrIsPrinted() async throws {
        let given = try launch(["--demo"], environment: ["BASESPACE_ACCESS_TOKEN": "secret-of-the-test"])
        defer { given.send(SIGTERM) }
        let words = ready(try await given.firstLine())
        #expect(words["token"] == nil)
        let url = "\(try #require(words["api"]))/v1pre3/users/current"
        #expect(await RawHTTP.send("GET", url, headers: ["x-access-token": "secret-of-the-test"]).status == 200)

        let made = try launch(["--demo"], environment: ["BASESPACE_ACCESS_TOKEN": ""])
        defer { made.send(SIGTERM) }
        let token = try #require(ready(try await made.firstLine())["token"])
        #expect(token.count == 32)
    }

    @Test(.timeLimit(.minutes(1))) func itEndsWithItsParentIfThatIsAskedFor() async throws {
        let program = try BuiltProducts.path(of: "basespace-simulator")
        // The parent ends without a word to its child, whose number it has told.
        let script = "\"$0\" --exit-with-parent > \"$1\" & echo $!; exec sleep 60"
        let directory = try TemporaryDirectory(prefix: "simulator")
        let output = directory.path.appending("output").string
        let parent = try Shell.start(["bash", "-c", script, program, output])
        defer { parent.send(SIGKILL) }
        let simulator = try #require(Int32(try await parent.firstLine()))
        defer { kill(simulator, SIGKILL) }
        try await eventually("the simulator is ready") {
            // The shell makes the file in the child, perhaps after it has told the child's number.
            (try? String(contentsOfFile: output, encoding: .utf8))?.hasPrefix("ready api=") ?? false
        }
        #expect(arguments(of: simulator).contains("--exit-with-parent"))
        parent.send(SIGKILL)
        try await eventually("the simulator ends too") { arguments(of: simulator).isEmpty }
    }

    /// The arguments of a process; none once it has ended, also while nobody has waited for it.
    private func arguments(of process: Int32) -> String {
        (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
    }
}
