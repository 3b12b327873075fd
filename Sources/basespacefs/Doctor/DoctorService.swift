import BaseSpaceAPI
import Glibc
import HTTPTransport
import Logging
import Synchronization
import SystemPackage

/// The service as checks see it: each question is put once, when the first check wants its answer.
final class DoctorService {
    /// Where the token is, or why there is none.
    let credentials: Result<Credentials, CommandFailure>
    /// The server that is meant, with or without a token.
    let server: HTTPURL
    /// What the server answered, without a token: the first on a new connection, the others on the same.
    private(set) lazy var answers = Self.answers(of: server, transport)

    private var knownUser: Result<User, BaseSpaceError>?
    private var knownToken: Result<TokenInfo, BaseSpaceError>?
    private let transport: HTTPClient

    /// Requests on a warm connection: the middle one of three is no accident.
    private static let repetitions = 3

    /// Looks for credentials; asks the server nothing yet.
    init(_ options: ConnectionOptions, profile: String?, environment: [String: String]) throws {
        let quiet = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
        transport = HTTPClient(.api(userAgent: Account.userAgent, logger: quiet))
        var request = Credentials.Request(
            server: options.apiServer,
            tokenFile: options.accessTokenFile.map { FilePath($0) },
            profile: profile,
            environment: environment
        )
        do throws(CredentialsError) {
            let found = try Credentials(resolving: request)
            credentials = .success(found)
            server = found.server
        } catch {
            credentials = .failure(CommandFailure("\(error)"))
            // The server is known without a token too: any will do to find it.
            request.tokenFile = nil
            request.environment["BASESPACE_ACCESS_TOKEN"] = String(repeating: "0", count: 32)
            server = try (try? Credentials(resolving: request).server) ?? HTTPURL(Credentials.standardServer)
        }
    }

    deinit {
        transport.shutdown()
    }

    /// Whose the token is.
    func user(_ credentials: Credentials) -> Result<User, BaseSpaceError> {
        if let knownUser { return knownUser }
        let result = ask(credentials) { client throws(BaseSpaceError) in try await client.currentUser() }
        knownUser = result
        return result
    }

    /// What it may do.
    func tokenInfo(_ credentials: Credentials) -> Result<TokenInfo, BaseSpaceError> {
        if let knownToken { return knownToken }
        let result = ask(credentials) { client throws(BaseSpaceError) in try await client.currentTokenInfo() }
        knownToken = result
        return result
    }

    private func ask<Value: Sendable>(
        _ credentials: Credentials,
        _ call: @escaping @Sendable (BaseSpaceClient) async throws(BaseSpaceError) -> Value
    ) -> Result<Value, BaseSpaceError> {
        let quiet = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
        let client = BaseSpaceClient(
            server: credentials.server,
            token: credentials.token,
            transport: transport,
            logger: quiet
        )
        do throws(BaseSpaceError) {
            return .success(try Threads.wait { () async throws(BaseSpaceError) in try await call(client) })
        } catch {
            return .failure(error)
        }
    }

    /// Asks the server without a token, which it refuses at once: all that counts here is when, and at what time.
    private static func answers(
        of server: HTTPURL,
        _ transport: HTTPClient
    ) -> Result<[ServerAnswer], HTTPTransportError> {
        do throws(HTTPTransportError) {
            var request = HTTPRequest(.get, try server.appending(path: "v1pre3/users/current"))
            // Who waits for a doctor does not wait a minute for one line.
            request.deadlines = HTTPDeadlines(firstByte: .seconds(15), total: .seconds(30))
            var answers: [ServerAnswer] = []
            for _ in 0...repetitions {
                let asked = request
                answers.append(
                    try Threads.wait { () async throws(HTTPTransportError) in
                        try await ServerAnswer.first(to: asked, by: transport)
                    }
                )
            }
            return .success(answers)
        } catch {
            return .failure(error)
        }
    }
}
