import ArgumentParser
import BaseSpaceAPI
import HTTPTransport
import Logging

/// `basespacefs whoami`.
struct WhoAmICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Show whose account is used on which server, and where that is written."
    )

    @Argument(help: "The profile. (default: default)", completion: ProfileCompletion.profiles)
    var profile: String?

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        ProcessHardening.apply()
        let credentials = try connection.credentials(profile: profile)
        let quiet = Logger(label: "whoami") { _ in SwiftLogNoOpLogHandler() }
        let transport = HTTPClient(.api(userAgent: Account.userAgent, logger: quiet))
        defer { transport.shutdown() }
        let client = BaseSpaceClient(
            server: credentials.server,
            token: credentials.token,
            transport: transport,
            logger: quiet
        )
        try AccountReport(try Account.user(of: client, credentials), credentials).print(asJSON: json)
    }
}

/// What `whoami` tells.
struct AccountReport: Report {
    var id: String
    var name: String
    var email: String?
    var server: String
    var serverFrom: String
    var tokenFrom: String

    init(_ user: User, _ credentials: Credentials) {
        id = user.id.rawValue
        name = user.name
        email = user.email
        server = credentials.server.string
        serverFrom = credentials.serverOrigin.description
        tokenFrom = credentials.tokenOrigin.description
    }

    var text: String {
        """
        Name:    \(name)
        User id: \(id)
        E-mail:  \(email ?? "-")
        Server:  \(server) (\(serverFrom))
        Token:   from \(tokenFrom)
        """
    }
}
