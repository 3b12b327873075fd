import ArgumentParser
import Glibc

/// `basespacefs`, the command and its sub-commands.
struct BaseSpaceFS: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "basespacefs",
        abstract: "Illumina BaseSpace as a directory.",
        discussion: "The manual is in basespacefs(1).",
        version: "basespacefs \(Version.current)",
        subcommands: [
            MountCommand.self, UnmountCommand.self, ExecCommand.self, LoginCommand.self, LogoutCommand.self,
            WhoAmICommand.self, UploadsCommand.self, CacheCommand.self, PrefetchCommand.self, StatusCommand.self,
            RefreshCommand.self, CompleteCommand.self, LaunchCommand.self, DemoCommand.self, DoctorCommand.self,
        ]
    )
}

/// The way in. Everything runs on the main thread until a command itself starts others: signals are blocked in all of
/// them only when they are blocked before the first one starts.
@main
enum Main {
    static func main() {
        do {
            var command = try BaseSpaceFS.parseAsRoot()
            try command.run()
        } catch let failure as CommandFailure {
            StandardError.print("basespacefs: \(failure.message)")
            exit(failure.status.rawValue)
        } catch {
            // What was asked for (`--help`, `--version`) is no failure and goes to standard output.
            guard BaseSpaceFS.exitCode(for: error) != .success else { BaseSpaceFS.exit(withError: error) }
            let reason = BaseSpaceFS.message(for: error).split(separator: "\n").first ?? "wrong arguments"
            StandardError.print("basespacefs: \(reason) (see: basespacefs \(helpPath)--help)")
            exit(ExitStatus.usage.rawValue)
        }
    }

    /// The sub-command whose help is of use, with those above it and followed by a blank; empty if none was named.
    private static var helpPath: String {
        var path = ""
        var candidates = BaseSpaceFS.configuration.subcommands
        for argument in CommandLine.arguments.dropFirst() {
            guard let command = candidates.first(where: { $0._commandName == argument }) else { continue }
            path += argument + " "
            candidates = command.configuration.subcommands
        }
        return path
    }
}
