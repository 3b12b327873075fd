import HTTPTypes
import Logging

/// The API server: finds the route of a request, checks its token and lets the route's handler answer.
///
/// Each family of resources has a file of its own that extends this type with its handlers and its part of the table.
struct API: Sendable {
    let services: Services
    /// Where signed URLs lead, `http://127.0.0.1:PORT`.
    let objectStoreURL: String

    private static let routes: [Route] =
        userRoutes + projectRoutes + sampleRoutes + appResultRoutes + fileRoutes + uploadRoutes + appSessionRoutes

    /// Answers a request. Never throws: every failure is an answer.
    func reply(to incoming: Incoming) async -> Reply {
        do {
            if incoming.path.hasPrefix(ControlRoutes.prefix) {
                return try await ControlRoutes(services: services).reply(to: incoming)
            }
            return try await route(incoming)
        } catch let error as APIError {
            return Envelope.failure(error, services: services)
        } catch is IncomingBody.TooLarge {
            return Envelope.failure(APIError(.contentTooLarge, "The body is too large"), services: services)
        } catch {
            services.configuration.logger.error("\(incoming.method) \(incoming.path): \(error)")
            return Envelope.failure(APIError(.internalServerError, "\(error)"), services: services)
        }
    }

    /// The usual error with a status, for faults.
    func failure(status: Int) -> Reply {
        Envelope.failure(APIError(.init(code: status), "This failure was asked for"), services: services)
    }

    private func route(_ incoming: Incoming) async throws -> Reply {
        // A trailing slash makes no difference.
        let segments = incoming.path.split(separator: "/").map { PercentEncoding.decode($0) }
        guard segments.first?.lowercased() == "v1pre3" else { throw APIError.unrecognizedPath(incoming.path) }
        let matches = Self.routes.compactMap { route in
            route.match(segments.dropFirst()).map { (route: route, captures: $0) }
        }
        guard !matches.isEmpty else { throw APIError.unrecognizedPath(incoming.path) }
        guard let (route, captures) = matches.first(where: { $0.route.method == incoming.method }) else {
            throw APIError(.methodNotAllowed, "\(incoming.method) is not a method of \(incoming.path)")
        }
        let parameters = Parameters(form: incoming.query)
        let request = APIRequest(
            incoming: incoming,
            captures: captures,
            parameters: parameters,
            grant: try authenticate(incoming, parameters),
            now: services.clock.now
        )
        return try await route.handler(self, request)
    }

    /// What the token of a request may do. It comes in one of two headers or in the query.
    private func authenticate(_ incoming: Incoming, _ parameters: Parameters) throws(APIError) -> Simulator.Grant {
        var token = incoming.field("x-access-token") ?? parameters["access_token"]
        if token == nil, let authorization = incoming.fields[.authorization] {
            let words = authorization.split(separator: " ")
            if words.count == 2, words[0].lowercased() == "bearer" { token = String(words[1]) }
        }
        guard let token, let grant = services.configuration.tokens[token] else {
            throw APIError(
                .unauthorized,
                "The access token is missing, wrong or revoked",
                code: "BASESPACE.COMMON.AUTHENTICATION_FAILURE"
            )
        }
        return grant
    }
}

/// A method, a path, and what answers it.
struct Route: Sendable {
    typealias Handler = @Sendable (API, APIRequest) async throws -> Reply

    let method: String
    /// Parts of the path behind the version; nil captures any one part.
    private let pattern: [String?]
    let handler: Handler

    /// - Parameter path: `projects/{id}/samples`; parts in braces are captured in their order.
    init(_ method: String, _ path: String, _ handler: @escaping Handler) {
        self.method = method
        self.pattern = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
        self.handler = handler
    }

    /// The captured parts of a path, nil if the path is another one.
    func match(_ segments: ArraySlice<String>) -> [String]? {
        guard segments.count == pattern.count else { return nil }
        var captures: [String] = []
        for (segment, expected) in zip(segments, pattern) {
            if let expected {
                guard segment.lowercased() == expected else { return nil }
            } else {
                captures.append(segment)
            }
        }
        return captures
    }
}

/// A request with a route and a token.
struct APIRequest: Sendable {
    let incoming: Incoming
    let captures: [String]
    /// Those of the query.
    let parameters: Parameters
    let grant: Simulator.Grant
    let now: ServiceDate

    /// Forms and JSON objects are short; 1 MiB is far above any.
    static let formSizeLimit = 1 << 20

    /// The first id of the path; nil if it is no number, which no entity's id is.
    var id: Int64? { captures.first.flatMap { Int64($0) } }

    /// The parameters of the query and, behind them, those of the body.
    func allParameters() async throws -> Parameters {
        parameters.merging(Parameters(body: try await incoming.body.bytes(limit: Self.formSizeLimit)))
    }

    /// Refuses tokens that may not write.
    func requireWriting(_ kind: String) throws(APIError) {
        if !grant.writes { throw .forbidden("WRITE", kind) }
    }

    /// Refuses tokens that may not read content.
    func requireReading(_ kind: String) throws(APIError) {
        if !grant.reads { throw .forbidden("READ", kind) }
    }
}
