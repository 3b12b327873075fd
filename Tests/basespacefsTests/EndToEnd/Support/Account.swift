import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

/// A simulated account, and a user with a home, a token and the program.
///
/// Nothing outlives `using`: whatever its body does, the mounts go and the processes that were started end.
final class Account: Sendable {
    /// The service.
    let simulator: Simulator
    /// Home, caches, state, mount points and scratch files of the user.
    let home: TemporaryDirectory
    /// What the service held at the start.
    let data: AccountData

    /// Stands for a real token: must be found in its file, in requests to the API and nowhere else.
    static let token = "5ec5e7f00dfeedfacecafebabe012345"

    private init(simulator: Simulator, home: TemporaryDirectory, data: AccountData) {
        self.simulator = simulator
        self.home = home
        self.data = data
    }

    /// Sets an account up, runs `body` and clears away.
    static func using(
        _ data: AccountData = .demo,
        configure: (inout Simulator.Configuration) -> Void = { _ in },
        _ body: (Account) async throws -> Void
    ) async throws {
        let home = try TemporaryDirectory(prefix: "home")
        for name in ["run", "work", "cache", "state"] {
            try FileManager.default.createDirectory(atPath: home.file(name).string, withIntermediateDirectories: true)
        }
        let token = try home.write(Array("\(Self.token)\n".utf8), to: "token")
        chmod(token.string, 0o600)
        var configuration = Simulator.Configuration()
        configuration.dataDirectory = data.directory
        configuration.tokens = [Self.token: .all]
        configure(&configuration)
        let account = Account(simulator: try await Simulator.start(configuration), home: home, data: data)
        let watchdog = account.startWatchdog()
        defer { watchdog.cancel() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(account))
        } catch {
            account.showLog()
            result = .failure(error)
        }
        await account.clearAway()
        try result.get()
    }

    /// The user's environment; what the test runner's own says about BaseSpace and services is left out.
    var environment: [String: String] {
        [
            "HOME": home.path.string, "XDG_CACHE_HOME": home.file("cache").string,
            "XDG_STATE_HOME": home.file("state").string, "XDG_RUNTIME_DIR": home.file("run").string,
            "BASESPACE_API_SERVER": "", "BASESPACE_ACCESS_TOKEN": "", "BASESPACE_CLIENT_ID": "",
            "BASESPACE_CLIENT_SECRET": "", "NOTIFY_SOCKET": "",
            "DATA": data.directory.string, "WORK": home.file("work").string,
        ]
    }

    /// What the mounts have logged.
    var log: String { (try? String(contentsOfFile: logFile.string, encoding: .utf8)) ?? "" }

    /// Where uploads wait.
    var stagingDirectory: FilePath { home.file("state").appending("basespacefs/staged") }

    /// The log of all mounts.
    var logFile: FilePath { home.file("log") }

    /// The options that name the account.
    var credentials: [String] {
        ["--api-server", simulator.apiURL, "--access-token-file", home.file("token").string]
    }

    /// Runs the program.
    func program(_ arguments: [String], environment changes: [String: String] = [:]) async throws -> ShellResult {
        // As long as a test may take at most, so that a program that hangs fails its own test only.
        try await Shell.run(
            ["timeout", "-k", "1", "120", BuiltProducts.path(of: "basespacefs")] + arguments,
            environment: environment.merging(changes) { $1 }
        )
    }

    /// Makes an empty directory to mount on.
    func makeMountPoint(_ name: String = "mnt") throws -> FilePath {
        let path = home.file(name)
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        return path
    }

    /// Mounts in the background, with a log at debug level.
    func mount(
        _ options: String...,
        at name: String = "mnt",
        environment changes: [String: String] = [:]
    ) async throws -> Mount {
        try await mount(options: options, at: name, environment: changes)
    }

    /// The same with a list of options.
    func mount(
        options: [String],
        at name: String = "mnt",
        environment changes: [String: String] = [:]
    ) async throws -> Mount {
        let path = try makeMountPoint(name)
        let result = try await program(
            ["mount"] + credentials + ["--log-level", "debug", "--log-file", logFile.string] + options + [path.string],
            environment: changes
        )
        try #require(result.status == 0, "mount says: \(result.errors)")
        return Mount(account: self, path: path)
    }

    /// Processes that were started for this account, whatever they are.
    var processes: [Processes] {
        Processes.all.filter { $0.hasInEnvironment(home.path.string) }
    }

    /// The daemons of this account, known by the temporary directory in their arguments.
    var daemons: [Int32] {
        Processes.all.filter { $0.arguments.contains("--foreground") && $0.mentions(home.path.string) }.map(\.pid)
    }

    /// The mount points below the home.
    var mountPoints: [String] {
        let table = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        return table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            .filter { $0.count > 2 && $0[2] == "fuse.basespacefs" && $0[1].hasPrefix(home.path.string) }
            .map { $0[1] }
    }

    /// What is in the staging area.
    var staged: [String] {
        FileManager.default.subpaths(atPath: stagingDirectory.string) ?? []
    }

    /// Kills the daemons when a test takes too long: whoever hangs in their mounts is let go, and the test ends.
    private func startWatchdog() -> Task<Void, any Error> {
        Task {
            // Before the time limit of the suite, and long after what anything in a test waits for.
            try await Task.sleep(for: .seconds(110))
            Issue.record("after 110 s the test still waits: its daemons are killed")
            for daemon in daemons {
                kill(daemon, SIGKILL)
            }
        }
    }

    private func clearAway() async {
        simulator.setFaults([])
        for mountPoint in mountPoints {
            _ = try? await Shell.run(["fusermount3", "-u", mountPoint])
        }
        do {
            try await eventually("the daemons end") { self.daemons.isEmpty }
        } catch {
            Issue.record("daemons \(daemons) go on long after their mounts were taken away")
        }
        for daemon in daemons {
            kill(daemon, SIGKILL)
        }
        for mountPoint in mountPoints {
            Issue.record("the mount on \(mountPoint) could not be taken away while nothing used it")
            _ = try? await Shell.run(["fusermount3", "-u", "-z", mountPoint])
        }
        await simulator.stop()
        home.remove()
    }

    /// For whoever reads why a test failed.
    private func showLog() {
        let lines = log.split(separator: "\n").suffix(40).map { "    \($0)\n" }.joined()
        FileHandle.standardError.write(Data("the end of the mount's log:\n\(lines)".utf8))
    }
}
