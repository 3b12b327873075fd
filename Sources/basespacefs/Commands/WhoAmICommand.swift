import ArgumentParser
import BaseSpaceAPI

/// `basespacefs whoami`.
struct WhoAmICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Show whose account is used on which server, what the token may do, and where it is written."
    )

    @Argument(help: "The profile. (default: default)", completion: ProfileCompletion.profiles)
    var profile: String?

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        ProcessHardening.apply()
        let credentials = try connection.credentials(profile: profile)
        try Account.withClient(credentials) { client in
            try AccountReport.asking(client, credentials).print(asJSON: json)
        }
    }
}
