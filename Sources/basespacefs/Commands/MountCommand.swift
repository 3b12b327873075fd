import ArgumentParser
import Glibc

/// `basespacefs mount`.
struct MountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount",
        abstract: "Mount BaseSpace on a directory.",
        usage: "basespacefs mount [PROFILE] MOUNTPOINT [options]",
        discussion: """
            Returns when the mount answers. Server and token come from the options, else from BASESPACE_API_SERVER \
            and BASESPACE_ACCESS_TOKEN, else from the profile ~/.basespace/PROFILE.cfg.
            """
    )

    @Argument(
        help: ArgumentHelp("The profile (default: default) and the directory.", valueName: "profile-mountpoint"),
        completion: ProfileCompletion.profilesAndDirectories
    )
    var operands: [String] = []

    @OptionGroup var options: MountOptions

    @Flag(name: [.short, .long], help: "Stay in the foreground.")
    var foreground = false

    @Option(help: .hidden)
    var readinessDescriptor: CInt?

    @Flag(help: .hidden)
    var exitWithParent = false

    /// Standard input is `/dev/fuse`, and mounted on the mount point already: how the mount helper hands a mount that only
    /// root can make to a process that is not root's.
    @Flag(help: .hidden)
    var mounted = false

    func validate() throws {
        guard !operands.isEmpty else { throw ValidationError("Missing the mount point") }
        guard operands.count <= 2 else { throw ValidationError("Too many operands: \(operands[2])") }
    }

    func run() throws {
        // The token may be in its environment, which others must not read while it waits.
        ProcessHardening.apply()
        guard foreground else {
            // Everything after `mount` once more, so that nothing said here is lost on the way.
            _ = try BackgroundMount.start(
                arguments: Array(CommandLine.arguments.dropFirst(2)),
                isTied: false,
                isMounted: mounted,
                supervisor: Supervisor()
            )
            return
        }
        let request = MountProcess.Request(
            mountPoint: operands[operands.count - 1],
            profile: operands.count == 2 ? operands[0] : nil,
            options: options,
            readinessDescriptor: readinessDescriptor,
            isTied: exitWithParent,
            isMounted: mounted
        )
        let status = try MountProcess.run(request)
        Glibc.exit(status.rawValue)
    }
}
