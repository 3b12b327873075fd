import ArgumentParser
import Glibc

/// `basespacefs doctor`: looks for what keeps a mount from working, and says what to do.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine, the server, the token and the disks, and say what to do.",
        discussion: "Nothing is changed. Exits with 1 when a check failed; warnings are no failures."
    )

    @Argument(help: "The profile. (default: default)", completion: ProfileCompletion.profiles)
    var profile: String?

    @OptionGroup var connection: ConnectionOptions

    @Option(
        help: ArgumentHelp(
            "Directory of the cache, or `none`. (default: ~/.cache/basespacefs)",
            valueName: "dir"
        ),
        completion: .directory
    )
    var cacheDir: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if cacheDir == "" {
            throw ValidationError("--cache-dir takes a directory, or `none`")
        }
    }

    func run() throws {
        // Limits are looked at before they are raised.
        var surroundings = DoctorSurroundings()
        surroundings.currentDirectory = try currentDirectory()
        ProcessHardening.apply()
        let service = try DoctorService(connection, profile: profile, environment: surroundings.environment)
        let doctor = Doctor(surroundings, service, cacheDirectory: cacheDir)
        let line = DoctorLine(
            style: TextStyle(isTerminal: isatty(STDOUT_FILENO) == 1, environment: surroundings.environment)
        )
        let report = doctor.run { finding in
            guard !json else { return }
            print(line.text(finding))
            fflush(nil)
        }
        if json { try report.print(asJSON: true) }
        if let problem = report.problem { throw CommandFailure(problem) }
    }
}
