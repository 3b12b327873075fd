import BaseSpaceAPI
import HTTPTransport

/// Whose a token is, where, and what it may do: what `whoami` and `login` tell.
struct AccountReport: Report {
    var id: String
    var name: String
    var email: String?
    /// Whose data the token opens, when that is not the user; the service tells it of some tokens.
    var workgroup: String?
    var server: String
    var serverFrom: String
    var tokenFrom: String
    /// The rights; `nil` when the service does not tell.
    var scopes: [String]?

    init(_ user: User, _ token: TokenInfo?, _ credentials: Credentials) {
        id = user.id.rawValue
        name = user.name
        email = user.email
        workgroup = token?.user.flatMap { $0.id == user.id ? nil : $0.name }
        server = credentials.server.string
        serverFrom = credentials.serverOrigin.description
        tokenFrom = credentials.tokenOrigin.description
        scopes = token?.scopes
    }

    var text: String {
        """
        Name:      \(name.printable)
        User id:   \(id.printable)
        E-mail:    \(email?.printable ?? "-")
        Workgroup: \(workgroup?.printable ?? "-")
        Server:    \(server) (\(serverFrom))
        Scopes:    \(rights)
        Token:     from \(tokenFrom)
        """
    }

    private var rights: String {
        guard let scopes else { return "unknown" }
        return scopes.isEmpty ? "none" : scopes.map { $0.lowercased().printable }.joined(separator: ", ")
    }
}

extension AccountReport {
    /// Asks the server. Blocks the thread.
    static func asking(_ client: BaseSpaceClient, _ credentials: Credentials) throws(CommandFailure) -> AccountReport {
        let user = try Account.user(of: client, credentials)
        // Not all servers tell, and not of all tokens; the token works whatever they say here.
        let token = try? Threads.wait { () async throws(BaseSpaceError) in try await client.currentTokenInfo() }
        return AccountReport(user, token, credentials)
    }
}
