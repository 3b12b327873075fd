import Glibc
import SystemPackage

/// A BaseSpace on loopback, `basespace-simulator`, as a process of its own: the daemon has no part of a web server.
struct SimulatorProcess {
    /// The process.
    let process: ChildProcess
    /// The root of its API.
    let apiURL: String

    /// The token it accepts: made for this run, so that no other program on this machine knows it.
    let token: String

    /// Starts the simulator with its demo data and waits until it listens.
    static func start(isTied: Bool) throws(CommandFailure) -> SimulatorProcess {
        guard let program = Executables.find("basespace-simulator") else {
            throw CommandFailure(
                "basespace-simulator is neither beside basespacefs nor in ../libexec/basespacefs nor in PATH"
            )
        }
        let token = makeToken()
        let result: Result<SimulatorProcess, CommandFailure>
        do throws(Errno) {
            var pipe = try Pipe()
            let process = try ChildProcess.start(
                ChildProcess.Launch(
                    program: program.string,
                    arguments: ["--demo"] + (isTied ? ["--exit-with-parent"] : []),
                    environment: ProcessEnvironment.all.merging(["BASESPACE_ACCESS_TOKEN": token]) { $1 },
                    hasEmptyInput: true,
                    output: pipe.writeEnd,
                    // One that stays must not hold on to the terminal, or to the pipe that its output is read from.
                    dropsErrors: !isTied,
                    leadsSession: true
                )
            )
            pipe.closeWriteEnd()
            result = waitUntilReady(process, pipe, token: token)
        } catch {
            throw CommandFailure("can't start \(program): \(error)")
        }
        return try result.get()
    }

    /// 32 hexadecimal digits, as the service's tokens.
    private static func makeToken() -> String {
        String((0..<32).map { _ in "0123456789abcdef".randomElement() ?? "0" })
    }

    /// Waits for the line `ready api=URL objectstore=URL`.
    private static func waitUntilReady(
        _ process: ChildProcess,
        _ pipe: borrowing Pipe,
        token: String
    ) -> Result<SimulatorProcess, CommandFailure> {
        guard let line = pipe.readLine() else {
            return .failure(CommandFailure("basespace-simulator ended before it was ready: \(process.wait())"))
        }
        guard let apiURL = apiURL(in: line) else {
            process.send(SIGTERM)
            return .failure(CommandFailure("basespace-simulator started with an unexpected line: \(line)"))
        }
        return .success(SimulatorProcess(process: process, apiURL: apiURL, token: token))
    }

    /// The API's address in the line that says that the simulator is ready.
    static func apiURL(in line: String) -> String? {
        let words = line.split(separator: " ")
        guard words.first == "ready" else { return nil }
        return words.first { $0.hasPrefix("api=") }.map { String($0.dropFirst("api=".count)) }
    }

    /// Ends it and waits for that.
    func stop() {
        process.send(SIGTERM)
        _ = process.wait()
    }
}
