import CLinux
import Foundation
import Glibc
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

/// What programs that tests start find in their environment.
enum ProgramEnvironment {
    /// The runner's own, in a language that tests know, with changes.
    static func variables(_ changes: [String: String]) -> [String: String] {
        ProcessInfo.processInfo.environment.merging(["LC_ALL": "C.UTF-8", "LANGUAGE": ""]) { $1 }.merging(changes) {
            $1
        }
    }
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
///
/// Started with `posix_spawn` and waited for by a thread of its own. (Foundation's `Process` learns of the end from a socket
/// that children share with their parent; now and then it does not learn of it at all.)
public final class RunningProcess: Sendable {
    /// Its process id.
    public let pid: Int32
    private let outputPath: String
    private let errorsPath: String
    private let waiting: Task<ShellResult, any Error>

    init(_ command: [String], environment: [String: String]) throws {
        // Files, not pipes: whoever writes much never waits for a reader.
        let directory = try TemporaryDirectory(prefix: "shell")
        let output = try directory.write([], to: "output").string
        let errors = try directory.write([], to: "errors").string
        let variables = ProgramEnvironment.variables(environment)
        let pid = try Self.spawn(command, environment: variables, output: output, errors: errors)
        self.pid = pid
        outputPath = output
        errorsPath = errors
        let (ended, end) = AsyncStream.makeStream(of: Int32.self)
        Thread.detachNewThread {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            let signal = status & 0x7f
            end.yield(signal == 0 ? (status >> 8) & 0xff : 128 + signal)
            end.finish()
        }
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

    private static func spawn(
        _ command: [String],
        environment: [String: String],
        output: String,
        errors: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY, 0)
        _ = CLinux_addCloseFrom(&actions, 3)

        // The runner ignores SIGPIPE, and the thread that starts a process blocks most signals: its child must not.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let arguments = command.map { strdup($0) }
        let variables = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { (arguments + variables).forEach { free($0) } }
        var pid = pid_t()
        let status = posix_spawnp(&pid, command[0], &actions, &attributes, arguments + [nil], variables + [nil])
        guard status == 0 else {
            throw ShellFailure(description: "can't start \(command[0]): \(Errno(rawValue: status))")
        }
        return pid
    }

    /// Sends a signal.
    public func send(_ signal: Int32) {
        kill(pid, signal)
    }

    /// Waits for the first line of its standard output, and returns it without the newline.
    public func firstLine() async throws -> String { try await firstLine(in: outputPath) }

    /// The same of its standard error.
    public func firstLineOfErrors() async throws -> String { try await firstLine(in: errorsPath) }

    private func firstLine(in file: String) async throws -> String {
        let text = { @Sendable in (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
        try await eventually("a line of process \(pid)") { text().contains("\n") }
        return String(text().prefix { $0 != "\n" })
    }

    /// Waits for the end.
    public func result() async throws -> ShellResult {
        try await waiting.value
    }
}
