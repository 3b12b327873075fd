internal import FoundationEssentials
public import HTTPTransport
public import Logging
internal import Synchronization

/// BaseSpace's REST API, as far as a file system needs it: v1pre3, and v2 for what only that has.
///
/// - **Token.** It is sent in `x-access-token`, and to the API's own origin only; a link of a reply that leads elsewhere
///   is followed without it. Redirects are not followed at all: content is asked for with `redirect=meta`, which answers
///   with the signed URL instead of sending there.
/// - **A refused token** (401) is replaced by what a login has left in its place since, and the call is made again, once:
///   the service did nothing. (`TokenKeeper`)
/// - **Manners.** At most six calls at a time for the whole client, and as many bodies of uploads as it was made for
///   (`CallLimiter`). A call keeps its place while it waits for its next attempt: a server that is overloaded gets fewer.
/// - **Repeating.** Reads, parts and completions are repeated whenever an attempt failed in passing. What makes something
///   is repeated only when the service surely did nothing: not sent, or refused with 429 or 503. (`RetryPolicy`)
/// - **Collections** come in pages of 1000, the largest size that all of them take, ordered by id, which stays stable
///   while items are added. The first page tells how many there are, the others are fetched in parallel; those that are
///   expected go out with the first. (`PageSource`, `PagePlan`)
/// - **Errors** show the service's own words, the request's id, and no secret.
public final class BaseSpaceClient: Sendable {
    /// The API's root.
    public let server: HTTPURL
    private let tokens: TokenKeeper
    private let transport: HTTPClient
    private let logger: Logger
    private let limiter: CallLimiter
    private let calls = Mutex(CallStatistics())

    /// Creates a client; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - server: The API's root, as in `https://api.basespace.illumina.com`.
    ///   - tokens: What has the token; other clients may have the same.
    ///   - uploads: How many bodies may be on their way at a time, if the transport has as many connections.
    public init(server: HTTPURL, tokens: TokenKeeper, transport: HTTPClient, uploads: Int = 4, logger: Logger) {
        self.server = server
        self.tokens = tokens
        self.transport = transport
        self.logger = logger
        limiter = CallLimiter(metadata: 6, uploads: uploads)
    }

    /// Creates a client with a token that stays; nothing is sent yet.
    public convenience init(server: HTTPURL, token: AccessToken, transport: HTTPClient, logger: Logger) {
        self.init(
            server: server,
            tokens: TokenKeeper(fixed: token, logger: logger),
            transport: transport,
            logger: logger
        )
    }

    // MARK: Statistics

    /// Calls that the service has answered until now, be it with a refusal.
    public var answers: UInt64 {
        calls.withLock { $0[.success] + $0[.unauthorized] + $0[.refused] + $0[.throttled] }
    }

    /// The calls until now.
    public var statistics: CallStatistics { calls.withLock { $0 } }

    /// What the transport has done until now, for whoever else it is used by too.
    public var transportStatistics: HTTPStatistics { transport.statistics }

    private func count(_ outcome: CallOutcome) {
        calls.withLock { $0.calls[outcome, default: 0] += 1 }
    }

    // MARK: Calls

    /// Makes a call and reads the object in its reply.
    func value<Value: Decodable & Sendable>(
        _ endpoint: Endpoint,
        as type: Value.Type = Value.self
    ) async throws(BaseSpaceError) -> Value {
        try decode(try await response(endpoint), of: endpoint)
    }

    /// Reads the object in a reply.
    func decode<Value: Decodable & Sendable>(
        _ response: HTTPResponse,
        of endpoint: Endpoint,
        as type: Value.Type = Value.self
    ) throws(BaseSpaceError) -> Value {
        do {
            return try JSONDecoder().decode(Reply<Value>.self, from: Data(response.body)).value
        } catch {
            calls.withLock { $0.undecodable += 1 }
            throw BaseSpaceError(error, endpoint: endpoint.description)
        }
    }

    /// Makes a call. Only a 2xx status is a success.
    func response(_ endpoint: Endpoint) async throws(BaseSpaceError) -> HTTPResponse {
        let url: HTTPURL
        do throws(HTTPTransportError) {
            url = try server.appending(segments: endpoint.segments, query: endpoint.query)
        } catch {
            throw BaseSpaceError(error, endpoint: endpoint.description)
        }
        return try await response(endpoint, at: url)
    }

    /// The reply to a GET of a link that came in another reply, as it came: relative to the API's root or absolute.
    public func reply(to link: String) async throws(BaseSpaceError) -> [UInt8] {
        var endpoint = Endpoint.get([])
        let url: HTTPURL
        do throws(HTTPTransportError) {
            url = try server.resolving(link)
            endpoint.segments = url.path.split(separator: "/").map { String($0) }
        } catch {
            throw BaseSpaceError(error, endpoint: "GET a link of a reply")
        }
        return try await response(endpoint, at: url).body
    }

    private func response(_ endpoint: Endpoint, at url: HTTPURL) async throws(BaseSpaceError) -> HTTPResponse {
        var request = HTTPRequest(endpoint.method, url, headers: endpoint.headers, body: endpoint.body)
        request.deadlines = endpoint.deadlines
        if request.headers["Accept"] == nil {
            request.headers["Accept"] = "application/json"
        }
        guard url.hasSameOrigin(as: server) else { return try await exchange(request, endpoint, nil) }
        let use = tokens.use
        do throws(BaseSpaceError) {
            return try await exchange(request, endpoint, use)
        } catch {
            guard error.status == 401 else { throw error }
            let inquiry: TokenKeeper.Inquiry = { token throws(BaseSpaceError) in try await self.holder(of: token) }
            guard let next = await tokens.replacement(for: use, error, inquiry: inquiry) else { throw error }
            return try await exchange(request, endpoint, next)
        }
    }

    /// Whose another token is. The calls take no place of the limiter: those that have one may wait for them.
    private func holder(of token: AccessToken) async throws(BaseSpaceError) -> TokenKeeper.Holder {
        let other = BaseSpaceClient(server: server, token: token, transport: transport, logger: logger)
        return TokenKeeper.Holder(user: try await other.currentUser(), dataOwner: try await other.dataOwner())
    }

    /// Sends a request, with a token if it has one, and counts how that ended.
    private func exchange(
        _ request: HTTPRequest,
        _ endpoint: Endpoint,
        _ use: TokenState.Use?
    ) async throws(BaseSpaceError) -> HTTPResponse {
        var request = request
        if let use {
            request.headers["x-access-token"] = use.token.withSecret { $0 }
        }
        let call = endpoint.description
        let outcome = await limiter.run(endpoint.lane) { [request] in
            await self.attempt(request, retries: endpoint.retries, call: call)
        }
        guard let outcome else {
            count(.cancelled)
            throw BaseSpaceError(kind: .cancelled, message: "cancelled", endpoint: call)
        }
        let response: HTTPResponse
        do throws(BaseSpaceError) {
            response = try outcome.get()
        } catch {
            count(error.kind == .cancelled ? .cancelled : .unreachable)
            throw error
        }
        count(CallOutcome(status: response.status))
        guard (200..<300).contains(response.status) else {
            let error = BaseSpaceError(response, endpoint: call) { words in
                use?.token.withSecret { words.replacing($0, with: "<token>") } ?? words
            }
            logger.debug("\(error)")
            throw error
        }
        if let use { tokens.accepted(use) }
        return response
    }

    private func attempt(
        _ request: HTTPRequest,
        retries: RetryPolicy,
        call: String
    ) async -> Result<HTTPResponse, BaseSpaceError> {
        do throws(HTTPTransportError) {
            return .success(try await transport.response(to: request, retrying: retries))
        } catch {
            return .failure(BaseSpaceError(error, endpoint: call))
        }
    }
}
