import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceSimulator

/// The executable, as a script uses it.
@Suite struct CommandTests {
    private func launch(_ arguments: [String], environment: [String: String] = [:]) throws -> (Process, Pipe) {
        let process = Process()
        // Products stand beside the test bundle.
        let products = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .deletingLastPathComponent()
        process.executableURL = products.appendingPathComponent("basespace-simulator")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        return (process, output)
    }

    /// The words of the ready line by their names.
    private func readyLine(_ output: Pipe) -> [String: String] {
        var bytes = Data()
        while !bytes.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            bytes += more
        }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.first == "ready" else { return [:] }
        let pairs = words.dropFirst().map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(pairs.map { ($0[0], $0[1]) }) { first, _ in first }
    }

    @Test func itPrintsOneLineServesAndEndsOnSIGTERM() async throws {
        let data = try SimulatedData(Fixture.files)
        let tokenFile = data.directory.appending("token").string
        let (process, output) = try launch(["--data", data.directory.string, "--token-file", tokenFile])
        defer { process.terminate() }
        let ready = readyLine(output)
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
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func theTokenComesFromTheEnvironmentOrIsPrinted() async throws {
        let (given, givenOutput) = try launch(["--demo"], environment: ["BASESPACE_ACCESS_TOKEN": "secret-of-the-test"])
        defer { given.terminate() }
        let ready = readyLine(givenOutput)
        #expect(ready["token"] == nil)
        let url = "\(try #require(ready["api"]))/v1pre3/users/current"
        #expect(await RawHTTP.send("GET", url, headers: ["x-access-token": "secret-of-the-test"]).status == 200)

        let (made, madeOutput) = try launch(["--demo"], environment: ["BASESPACE_ACCESS_TOKEN": ""])
        defer { made.terminate() }
        let token = try #require(readyLine(madeOutput)["token"])
        #expect(token.count == 32)
    }

    @Test(.timeLimit(.minutes(1))) func itEndsWithItsParentIfThatIsAskedFor() async throws {
        let (simulator, output) = try launch(["--help"])
        _ = output.fileHandleForReading.readDataToEndOfFile()
        simulator.waitUntilExit()
        let executable = try #require(simulator.executableURL).path
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        // The shell ends when its input does, while the simulator runs; the last read ends when the simulator does.
        shell.arguments = ["-c", "\"$0\" --exit-with-parent </dev/null & read -r line", executable]
        let input = Pipe()
        let pipe = Pipe()
        shell.standardInput = input
        shell.standardOutput = pipe
        try shell.run()
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        try input.fileHandleForWriting.close()
        _ = pipe.fileHandleForReading.readDataToEndOfFile()
        #expect(text.hasPrefix("ready api="))
    }
}
