import BaseSpaceAPI
import HTTPTransport
import Logging

/// The service as seen with somebody's credentials.
enum Account {
    /// What requests say they come from.
    static let userAgent = "basespacefs/\(Version.current)"

    /// Lets a command talk to the service; nothing is logged, since the command itself says what fails.
    static func withClient<Value>(_ credentials: Credentials, _ body: (BaseSpaceClient) throws -> Value) throws -> Value
    {
        let quiet = Logger(label: "account") { _ in SwiftLogNoOpLogHandler() }
        let transport = HTTPClient(.api(userAgent: userAgent, logger: quiet))
        defer { transport.shutdown() }
        let (server, token) = (credentials.server, credentials.token)
        return try body(BaseSpaceClient(server: server, token: token, transport: transport, logger: quiet))
    }

    /// Asks the server who the token belongs to: the proof that both are right. Blocks the thread.
    static func user(of client: BaseSpaceClient, _ credentials: Credentials) throws(CommandFailure) -> User {
        do throws(BaseSpaceError) {
            return try Threads.wait { () async throws(BaseSpaceError) in try await client.currentUser() }
        } catch {
            throw failure(error, credentials)
        }
    }

    /// Looks at the AppSession in which everything is to be made (`--appsession`).
    ///
    /// - Returns: What there is to say of it: it has ended, or can't be looked at now. A failure if there is no such session.
    static func session(_ id: EntityID, of client: BaseSpaceClient) async -> Result<String?, CommandFailure> {
        do throws(BaseSpaceError) {
            let session = try await client.appSession(id)
            guard !session.status.acceptsWork else { return .success(nil) }
            return .success("AppSession \(id) is \(session.status): no AppResult can be made in it")
        } catch  where error.status == 404 {
            return .failure(
                CommandFailure("\(client.server) has no AppSession \(id), or the token may not see it (--appsession)")
            )
        } catch {
            return .success("AppSession \(id) can't be looked at: \(error)")
        }
    }

    private static func failure(_ error: BaseSpaceError, _ credentials: Credentials) -> CommandFailure {
        switch error.kind {
        case .service(status: 401):
            CommandFailure(
                "token refused: \(credentials.server) does not accept the token from \(credentials.tokenOrigin) "
                    + "(is it of this region, and not revoked? `\(credentials.tokenOrigin.loginCommand)` makes a new one)"
            )
        case .service(status: 403):
            CommandFailure(
                "token refused: the token from \(credentials.tokenOrigin) has no right to browse \(credentials.server)"
            )
        case .transport:
            CommandFailure("can't reach \(credentials.server) (\(credentials.serverOrigin)): \(error.message)")
        case .service, .undecodable, .invalidRequest, .cancelled:
            CommandFailure("\(credentials.server) does not answer as BaseSpace does: \(error)")
        }
    }
}
