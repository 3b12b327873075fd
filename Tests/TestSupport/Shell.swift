import Foundation
import SystemPackage

/// What a process left behind.
public struct ShellResult: Sendable {
    /// The exit status, or 128 + the number of the signal that ended it.
    public let status: Int32
    /// All it wrote to standard output.
    public let output: String
    /// All it wrote to standard error.
    public let errors: String

    /// The lines of `output`, without empty ones.
    public var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// A process failed that a test needs to succeed.
public struct ShellFailure: Error, CustomStringConvertible {
    /// The command, its status and what it wrote to standard error.
    public let description: String
}

/// Runs real tools as processes, without blocking the cooperative pool.
public enum Shell {
    /// Runs a tool, found in `PATH`, to its end.
    public static func run(_ command: [String], environment: [String: String] = [:]) async throws -> ShellResult {
        try await start(command, environment: environment).result()
    }

    /// Runs a tool that has to succeed, and returns what it wrote to standard output.
    @discardableResult
    public static func output(_ command: [String], environment: [String: String] = [:]) async throws -> String {
        let result = try await run(command, environment: environment)
        guard result.status == 0 else {
            let name = command.joined(separator: " ")
            throw ShellFailure(description: "`\(name)` ended with \(result.status): \(result.errors)")
        }
        return result.output
    }

    /// Runs a script with `bash -c`; `arguments` are `$1`, `$2`, ….
    public static func script(_ text: String, _ arguments: String...) async throws -> ShellResult {
        try await run(["bash", "-c", text, "script"] + arguments)
    }

    /// Starts a tool, found in `PATH`.
    public static func start(_ command: [String], environment: [String: String] = [:]) throws -> RunningProcess {
        try RunningProcess(command, environment: environment)
    }
}

/// A process that has been started.
public final class RunningProcess: Sendable {
    /// Its process id.
    public let pid: Int32
    private let waiting: Task<ShellResult, any Error>

    init(_ command: [String], environment: [String: String]) throws {
        // Files, not pipes: whoever writes much never waits for a reader.
        let directory = try TemporaryDirectory(prefix: "shell")
        let output = try directory.write([], to: "output").string
        let errors = try directory.write([], to: "errors").string

        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // The runner ignores SIGPIPE, and the thread that starts the process blocks most signals: its child must not.
        process.arguments = ["--default-signal"] + command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let files = [FileHandle(forWritingAtPath: output), FileHandle(forWritingAtPath: errors)]
        process.standardOutput = files[0]
        process.standardError = files[1]

        let (ended, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            let bySignal = process.terminationReason == .uncaughtSignal
            end.yield(process.terminationStatus + (bySignal ? 128 : 0))
            end.finish()
        }
        // A process outlives its handles' last use here, and a long run of tests would hold thousands of files open.
        defer { for file in files { try? file?.close() } }
        try Self.withoutBlockedSignals { try process.run() }
        pid = process.processIdentifier
        waiting = Task {
            let status = await ended.first { _ in true } ?? -1
            defer { directory.remove() }
            return ShellResult(
                status: status,
                output: try String(contentsOfFile: output, encoding: .utf8),
                errors: try String(contentsOfFile: errors, encoding: .utf8)
            )
        }
    }

    /// Threads of the pool block most signals, a process inherits that from the thread that starts it, and then no
    /// SIGINT or SIGTERM would reach it.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    /// Sends a signal.
    public func send(_ signal: Int32) {
        kill(pid, signal)
    }

    /// Waits for the end.
    public func result() async throws -> ShellResult {
        try await waiting.value
    }
}
