internal import HTTPTransport

/// A call of the API: what is sent where, and how carefully it has to be repeated.
struct Endpoint: Sendable {
    var method: HTTPMethod
    /// The path below the API's root; each segment is encoded on its own, so ids may hold anything.
    var segments: [String]
    var query: [(String, String)] = []
    var headers: HTTPHeaders = [:]
    var body = HTTPBody.none
    var deadlines: HTTPDeadlines?
    var lane = CallLimiter.Lane.metadata
    var retries = RetryPolicy.idempotent

    /// A GET below `v1pre3`.
    static func get(_ segments: [String], query: [(String, String)] = []) -> Endpoint {
        Endpoint(method: .get, segments: segments, query: query)
    }

    /// A POST that makes something: repeated only when the service surely did nothing.
    static func create(_ segments: [String], query: [(String, String)] = [], body: HTTPBody = .none) -> Endpoint {
        Endpoint(method: .post, segments: segments, query: query, body: body, retries: .notSent)
    }

    /// A POST of JSON that makes something.
    static func create(_ segments: [String], json: JSONObject) -> Endpoint {
        create(segments, json: json.bytes)
    }

    /// A POST of encoded JSON that makes something.
    static func create(_ segments: [String], json: [UInt8]) -> Endpoint {
        var endpoint = create(segments, body: .bytes(json))
        endpoint.headers["Content-Type"] = "application/json"
        return endpoint
    }

    /// A DELETE: repeated only when the service surely did nothing, since it says of what is gone that it never was.
    static func delete(_ segments: [String]) -> Endpoint {
        Endpoint(method: .delete, segments: segments, retries: .notSent)
    }

    /// As errors and logs show it; the query may hold names.
    var description: String { "\(method.rawValue) \(segments.joined(separator: "/"))" }
}
