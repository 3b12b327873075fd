import ArgumentParser
import BaseSpaceAPI
import SystemPackage

/// `basespacefs logout`.
struct LogoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Remove the token from a profile."
    )

    @Argument(help: "The profile. (default: default)", completion: ProfileCompletion.profiles)
    var profile: String?

    @Flag(help: "Revoke the token at the profile's server first: nobody can use it any more.")
    var revoke = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        ProcessHardening.apply()
        let interruption = Interruption()
        let environment = ProcessEnvironment.all
        let file = try LoginCommand.inWords { () throws(CredentialsError) in
            try ProfileFile(profile, environment: environment)
        }
        var report = LogoutReport(file)
        if revoke, let credentials = try LoginCommand.inWords({ () throws(CredentialsError) in try file.credentials() })
        {
            // A revoked token that stays would be the next mount's.
            try LoginCommand.inWords { () throws(CredentialsError) in try file.checkWritable() }
            report.revoked = true
            report.wasRevoked = try !Self.revoke(credentials, in: file)
        }
        report.removed = try interruption.holdingOff { () throws(CommandFailure) in
            try LoginCommand.inWords { () throws(CredentialsError) in try file.logOut() }
        }
        try report.print(asJSON: json)
        LoginCommand.warnOfEnvironment(environment, "keeps this shell logged in")
    }

    /// Revokes a token.
    ///
    /// - Returns: false if it was revoked before.
    private static func revoke(_ credentials: Credentials, in file: ProfileFile) throws -> Bool {
        do {
            try Account.withClient(credentials) { client in
                try Threads.wait { () async throws(BaseSpaceError) in try await client.revokeToken() }
            }
            return true
        } catch let error as BaseSpaceError {
            if error.status == 401 { return false }
            throw CommandFailure(
                "the token is not revoked and stays in \(file.path): \(credentials.server): \(error) "
                    + "(logout without --revoke removes it here only)"
            )
        }
    }
}

/// What `logout` tells.
struct LogoutReport: Report {
    var profile: String
    var file: String
    /// Whether there was a token to remove.
    var removed = false
    /// Whether the service does not accept it any more.
    var revoked = false
    /// Whether that was so before.
    var wasRevoked = false

    private enum CodingKeys: String, CodingKey {
        case profile, file, removed, revoked
    }

    init(_ file: ProfileFile) {
        profile = file.name
        self.file = file.path.string
    }

    var text: String {
        guard removed else { return "Nobody is logged in: there is no token in \(file)" }
        let fate = revoked ? (wasRevoked ? "; it was revoked before" : ", and it is revoked") : ""
        return "Logged out: the token is removed from \(file)\(fate)"
    }
}
