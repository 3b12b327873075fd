/// Which of a simulator's two servers.
public enum Listener: String, Sendable, CaseIterable {
    /// The API, `v1pre3/…`.
    case api
    /// The object store that signed URLs lead to.
    case objectStore
}

/// Something that goes wrong with some requests.
///
/// A fault is a matcher and an effect. For every request all faults are asked in their order; the effects of those that
/// match are combined, so that a slow line and a broken one are two faults. What a fault does to a request is decided in
/// one place (`Interference`) and carried out in one place (`Responder`).
public struct Fault: Sendable {
    /// Which requests it meets. A nil field matches everything.
    public struct Match: Sendable {
        /// The server.
        public var listener: Listener?
        /// `GET`, `PUT`, …
        public var method: String?
        /// The path of the URL as it came, percent-encoded, without its query; `*` stands for any characters, also
        /// none. A leading slash is implied.
        public var path: String?
        /// Only requests that carry a `Range` (true), or none (false).
        public var isRanged: Bool?
        /// How many requests that match otherwise are let through first.
        public var skipping: Int
        /// How many requests it meets after those; nil: all.
        public var count: Int?
        /// How likely it meets a request that matches, 0…1, drawn from the simulator's seed.
        public var probability: Double

        /// Creates a matcher; without arguments it matches every request.
        public init(
            listener: Listener? = nil,
            method: String? = nil,
            path: String? = nil,
            isRanged: Bool? = nil,
            skipping: Int = 0,
            count: Int? = nil,
            probability: Double = 1
        ) {
            self.listener = listener
            self.method = method
            self.path = path
            self.isRanged = isRanged
            self.skipping = skipping
            self.count = count
            self.probability = probability
        }
    }

    /// What happens to a request.
    public enum Effect: Sendable, Equatable {
        /// The answer is this instead of what it would be; the request has no effect. Without a body the listener's
        /// usual error body is sent.
        case status(Int, body: String? = nil, headers: [String: String] = [:])
        /// No answer, until the faults are set anew, the client closes the connection or the simulator stops.
        case hang
        /// The answer's first byte is late; the request takes effect after the delay.
        case latency(Duration)
        /// The body comes at this speed, in bytes per second, per connection.
        case bandwidth(Int)
        /// The connection is reset (RST) after this many bytes of the body.
        case reset(afterBytes: Int)
        /// The connection is closed in order after this many bytes of a body that was declared longer.
        case shortBody(afterBytes: Int)
        /// Nothing more comes after this many bytes of the body, as `hang`.
        case stall(afterBytes: Int)
        /// This `ETag` header, bare, instead of the right one.
        case entityTag(String)
        /// This `Content-Range` header instead of the right one.
        case contentRange(String)
        /// The `Range` of the request is not seen: status 200 and the whole body.
        case ignoreRange
        /// A list of the API does not say how many entries it has in all.
        case omitTotalCount
    }

    /// Which requests.
    public var match: Match
    /// What happens to them.
    public var effect: Effect

    /// Creates a fault that meets every request that `match` matches.
    public init(_ effect: Effect, on match: Match = Match()) {
        self.effect = effect
        self.match = match
    }
}

extension Fault.Match {
    /// Whether a request is one of those; counts and probability are not asked here.
    func matches(listener: Listener, method: String, path: String, isRanged: Bool) -> Bool {
        if let wanted = self.listener, wanted != listener { return false }
        if let wanted = self.method, wanted.uppercased() != method { return false }
        if let wanted = self.isRanged, wanted != isRanged { return false }
        guard let pattern = self.path else { return true }
        return Glob.matches(pattern.hasPrefix("/") || pattern.hasPrefix("*") ? pattern : "/" + pattern, path)
    }
}

/// Patterns in which `*` stands for any characters.
enum Glob {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return pattern == text }
        guard text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
