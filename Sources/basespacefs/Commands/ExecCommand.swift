import ArgumentParser
import Glibc
import SystemPackage

/// `basespacefs exec`: a mount for one command, as workflow engines and batch systems need it.
///
/// The mount is served by a process of its own on a directory of its own; it ends when this process does, whatever
/// ends it.
struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command with BaseSpace mounted.",
        usage: "basespacefs exec [PROFILE] [options] -- COMMAND...",
        discussion: """
            The mount is at $BASESPACE_MOUNT. When the command has ended, uploads are finished and the mount is \
            removed; a signal meanwhile leaves without them. What is not uploaded is named, and kept. The exit status \
            is the command's, 1 if it succeeded and a file that it wrote is not uploaded, 128 plus the number of the signal that ended it, or 127 when there is no such command.
            """
    )

    @Argument(help: "The profile. (default: default)", completion: ProfileCompletion.profiles)
    var profile: String?

    @OptionGroup var options: MountOptions

    @Argument(parsing: .postTerminator, help: "The command and its arguments.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else {
            throw ValidationError("Missing the command: exec [PROFILE] [options] -- COMMAND")
        }
    }

    func run() throws {
        Glibc.exit(try runInMount().rawValue)
    }

    /// Mounts, runs the command, unmounts. When this returns or throws, nothing is left of the mount.
    private func runInMount() throws(CommandFailure) -> ExitStatus {
        let supervisor = Supervisor()
        let directory = try RuntimeDirectory.makeTemporary()
        defer { rmdir(directory.string) }
        let mount = try BackgroundMount.start(
            arguments: Self.mountArguments(of: CommandLine.arguments, mountPoint: directory),
            isTied: true,
            supervisor: supervisor
        )
        var report = Self.report(of: directory)
        let outcome = Result { () throws(CommandFailure) in try runCommand(directory, supervisor) }
        let end = mount.finish(supervisor: supervisor) { report?.update() }
        // The command has no part in what others left.
        (report?.note).map { StandardError.print("basespacefs: \($0)") }
        if end != .exited(0) {
            FuserMount.detach(directory)
        }
        let status = try outcome.get()
        guard end != .exited(0) else { return status }
        let trouble = report?.failure ?? "the mount did not end well: \(end)"
        guard status != .success else { throw CommandFailure("the command succeeded, but \(trouble)") }
        StandardError.print("basespacefs: \(trouble)")
        return status
    }

    /// What follows the end of the mount on a directory.
    private static func report(of directory: FilePath) -> EndReport? {
        guard let mountPoint = try? MountPoint.locate(directory.string),
            let entry = BaseSpaceMounts.current()[mountPoint],
            let record = MountRecord.Reader(device: entry.device, user: entry.userID ?? geteuid())
        else { return nil }
        return EndReport(record) { _ in "Ctrl-C leaves without them, and keeps the files" }
    }

    private func runCommand(_ directory: FilePath, _ supervisor: Supervisor) throws(CommandFailure) -> ExitStatus {
        var environment = ProcessEnvironment.all
        environment["BASESPACE_MOUNT"] = directory.string
        do throws(Errno) {
            let child = try ChildProcess.start(
                ChildProcess.Launch(
                    program: command[0],
                    arguments: Array(command.dropFirst()),
                    environment: environment
                )
            )
            return supervisor.waitPassingSignals(to: child).status
        } catch {
            throw CommandFailure(
                "can't run \(command[0]): \(error)",
                status: error == .noSuchFileOrDirectory ? .commandNotFound : .commandNotExecutable
            )
        }
    }

    /// The arguments of `mount` that say the same as those of `exec`: all between `exec` and `--`, then the directory.
    static func mountArguments(of arguments: [String], mountPoint: FilePath) -> [String] {
        arguments.dropFirst(2).prefix { $0 != "--" } + ["--", mountPoint.string]
    }
}
