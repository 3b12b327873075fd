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
        userRoutes + projectRoutes + sampleRoutes + appResultRoutes + runRoutes + fileRoutes + uploadRoutes
        + appSessionRoutes + propertyRoutes + v2Routes + datasetRoutes + genomeRoutes + coverageRoutes + variantRoutes
        + searchRoutes + trashRoutes + applicationRoutes + oauthRoutes

    /// Answers a request. Never throws: every failure is an answer.
    func reply(to incoming: Incoming) async -> Reply {
        let isV2 = incoming.path.lowercased().hasPrefix("/v2/")
        do {
            if incoming.path.hasPrefix(ControlRoutes.prefix) {
                return try await ControlRoutes(services: services).reply(to: incoming)
            }
            return try await route(incoming)
        } catch let error as APIError {
            return Envelope.failure(error, isV2: isV2, services: services)
        } catch is IncomingBody.TooLarge {
            let error = APIError(.contentTooLarge, "The body is too large")
            return Envelope.failure(error, isV2: isV2, services: services)
        } catch {
            services.configuration.logger.error("\(incoming.method) \(incoming.path): \(error)")
            return Envelope.failure(APIError(.internalServerError, "\(error)"), isV2: isV2, services: services)
        }
    }

    /// The usual error with a status, for faults.
    func failure(status: Int) -> Reply {
        Envelope.failure(APIError(.init(code: status), "This failure was asked for"), services: services)
    }

    private func route(_ incoming: Incoming) async throws -> Reply {
        // A trailing slash makes no difference.
        let segments = incoming.path.split(separator: "/").map { PercentEncoding.decode($0) }
        guard let version = segments.first.flatMap({ Version(rawValue: $0.lowercased()) }) else {
            throw APIError.unrecognizedPath(incoming.path)
        }
        let matches = Self.routes.compactMap { route in
            route.match(version, segments.dropFirst()).map { (route: route, captures: $0) }
        }
        guard !matches.isEmpty else { throw APIError.unrecognizedPath(incoming.path) }
        guard let (route, captures) = matches.first(where: { $0.route.method == incoming.method }) else {
            throw APIError(.methodNotAllowed, "\(incoming.method) is not a method of \(incoming.path)")
        }
        let parameters = Parameters(form: incoming.query)
        let token = route.needsToken ? try authenticate(incoming, parameters) : nil
        let request = APIRequest(
            incoming: incoming,
            version: version,
            captures: captures,
            parameters: parameters,
            grant: token?.holder.grant ?? Simulator.Grant(scopes: ""),
            token: token?.text ?? "",
            made: token?.holder.made ?? [],
            now: services.clock.now
        )
        return try await route.handler(self, request)
    }

    /// The token of a request and what is known of it. It comes in one of two headers or in the query.
    private func authenticate(
        _ incoming: Incoming,
        _ parameters: Parameters
    ) throws(APIError) -> (text: String, holder: TokenStore.Holder) {
        var token = incoming.field("x-access-token") ?? parameters["access_token"]
        if token == nil, let authorization = incoming.fields[.authorization] {
            let words = authorization.split(separator: " ")
            if words.count == 2, words[0].lowercased() == "bearer" { token = String(words[1]) }
        }
        guard let token, let holder = services.tokens[token] else {
            throw APIError(
                .unauthorized,
                "The access token is missing, wrong or revoked",
                code: "BASESPACE.COMMON.AUTHENTICATION_FAILURE"
            )
        }
        return (token, holder)
    }
}

/// The two versions of the API, which run side by side over the same data.
enum Version: String, Sendable {
    case v1 = "v1pre3"
    case v2
}

/// A method, a path, and what answers it.
struct Route: Sendable {
    typealias Handler = @Sendable (API, APIRequest) async throws -> Reply

    let method: String
    private let version: Version
    /// Parts of the path behind the version; nil captures any one part.
    private let pattern: [String?]
    /// Whether it is only for who has a token.
    let needsToken: Bool
    let handler: Handler

    /// - Parameter path: `projects/{id}/samples`; parts in braces are captured in their order.
    init(
        _ method: String,
        _ path: String,
        version: Version = .v1,
        needsToken: Bool = true,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.version = version
        self.needsToken = needsToken
        self.pattern = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
        self.handler = handler
    }

    /// The captured parts of a path, nil if the path is another one.
    func match(_ version: Version, _ segments: ArraySlice<String>) -> [String]? {
        guard version == self.version, segments.count == pattern.count else { return nil }
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
