import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

/// A mount of an account, used by scripts.
struct Mount: Sendable {
    let account: Account
    /// Where it is.
    let path: FilePath

    /// Mounts an account, runs `body` with the mount and clears away.
    static func using(
        _ data: AccountData = .demo,
        options: String...,
        configure: (inout Simulator.Configuration) -> Void = { _ in },
        _ body: (Mount) async throws -> Void
    ) async throws {
        let options = options
        try await Account.using(data, configure: configure) { account in
            let log = ["--log-level", "debug", "--log-file", account.logFile.string]
            let path = try account.makeMountPoint()
            let result = try await account.program(["mount"] + account.credentials + log + options + [path.string])
            try #require(result.status == 0, "mount says: \(result.errors)")
            try await body(Mount(account: account, path: path))
        }
    }

    /// Shorter than a test's limit: what hangs in the mount is that command's failure, with a name.
    private static let patience = "50"

    private var environment: [String: String] {
        // curl asks a proxy for loopback too, unless it is told not to.
        account.environment.merging(["MNT": path.string, "no_proxy": "127.0.0.1"]) { $1 }
    }

    private func command(_ script: String, _ arguments: [String], _ patience: String) -> [String] {
        ["timeout", "-k", "1", patience, "bash", "-o", "pipefail", "-c", "cd \"$MNT\" || exit; \(script)", "script"]
            + arguments
    }

    /// Runs a script for bash in the root of the mount. `$DATA` is what the service held at the start, `$WORK` a
    /// directory for scratch files.
    func run(_ script: String, _ arguments: String...) async throws -> ShellResult {
        try await Shell.run(command(script, arguments, Self.patience), environment: environment)
    }

    /// The same, for a script that has to succeed: what it wrote to standard output.
    @discardableResult
    func output(_ script: String, _ arguments: String...) async throws -> String {
        try await output(script, arguments)
    }

    /// The same with a list of arguments.
    @discardableResult
    func output(_ script: String, _ arguments: [String]) async throws -> String {
        try await Shell.output(command(script, arguments, Self.patience), environment: environment)
    }

    /// Starts one program, with arguments and a working directory outside the mount, so that signals reach it itself.
    func start(_ command: String...) throws -> RunningProcess {
        try Shell.start(command, environment: environment)
    }

    /// The absolute path of something in the mount.
    func absolute(_ relative: String) -> String { path.pushing(FilePath(relative)).string }

    /// Fails the test unless a script fails with this text of the system.
    func expect(
        _ script: String,
        failsWith message: String,
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await run("export LC_ALL=C; \(script)")
        #expect(result.status != 0, "`\(script)` succeeded", sourceLocation: location)
        #expect(
            result.errors.contains(message),
            "`\(script)` failed with \(result.status) and said: \(result.errors)",
            sourceLocation: location
        )
    }

    /// Unmounts with the program and waits for the daemon.
    @discardableResult
    func unmount() async throws -> ShellResult {
        try await account.program(["unmount", path.string])
    }

    /// Makes an AppResult.
    func makeAppResult(_ name: String = "R", in project: String = "P") async throws -> NewAppResult {
        let path = "Projects/\(project)/AppResults/\(name)"
        let id = try await output(#"mkdir "$1" && getfattr --only-values -n user.basespace.id "$1""#, path)
        return NewAppResult(mount: self, path: path, id: id)
    }
}

/// An AppResult that takes files.
struct NewAppResult: Sendable {
    let mount: Mount
    /// In the mount.
    let path: String
    /// At the service.
    let id: String

    /// Its files, in the mount.
    var files: String { path + "/Files" }

    private var simulator: Simulator { mount.account.simulator }

    /// What the service has received.
    var received: [Simulator.UploadedFile] { simulator.uploadedFiles(appResult: id) }

    /// MD5s of what the service has received, by path.
    var receivedSums: [String: String] {
        Dictionary(received.map { ($0.path, $0.md5) }) { first, second in "\(first) and again \(second)" }
    }

    /// The session at the service.
    func session() async throws -> Simulator.Session {
        let reply = await ServiceClient(simulator).call("GET", "appresults/\(id)")
        let session = (reply["AppSession"] as? [String: Any])?["Id"] as? String
        return try #require(session.flatMap { simulator.session($0) })
    }

    /// Runs a script in `Files/`.
    @discardableResult
    func output(_ script: String, _ arguments: String...) async throws -> String {
        try await mount.output("cd '\(files)' && \(script)", arguments)
    }

    /// Runs a script in `Files/` that has to succeed, and expects the service to have received what the same script
    /// makes in a local directory: these files, each once.
    func expectSameAsLocally(_ script: String, _ location: SourceLocation = #_sourceLocation) async throws {
        let local = mount.account.home.file("work").appending("local-\(id)").string
        try await mount.output("mkdir -p '\(local)' && cd '\(local)' && \(script)")
        let wanted = try await mount.output(
            "cd '\(local)' && find . -type f ! -name '.*' -printf '%P\\0' | LC_ALL=C sort -z | xargs -0r md5sum"
        )
        simulator.resetRequests()
        try await output(script)
        // A file without a written byte goes when its handle is released, which nobody waits for.
        let sums = { @Sendable in self.receivedSums.map { "\($1)  \($0)\n" }.sorted().joined() }
        let wantedSums = wanted.split(separator: "\n").map { "\($0)\n" }.sorted().joined()
        try? await eventually("all has arrived") { sums() == wantedSums && mount.account.staged.isEmpty }
        #expect(sums() == wantedSums, "`\(script)`", sourceLocation: location)
        let count = received.count
        #expect(acceptedUploads == count, "each file is sent once: `\(script)`", sourceLocation: location)
        #expect(mount.account.staged == [], "`\(script)`", sourceLocation: location)
    }

    /// How many files the service was asked to take, and took, since its requests were last forgotten.
    var acceptedUploads: Int {
        simulator.requests.filter { request in
            request.method == "POST" && request.path.hasSuffix("appresults/\(id)/files")
                && (200..<300).contains(request.status ?? 0)
        }.count
    }
}
