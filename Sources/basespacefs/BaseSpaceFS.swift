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
            MountCommand.self, UnmountCommand.self, ExecCommand.self, WhoAmICommand.self, DemoCommand.self,
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
            BaseSpaceFS.exit(withError: error)
        }
    }
}
