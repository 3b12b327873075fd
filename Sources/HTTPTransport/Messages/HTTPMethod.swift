/// The methods that the service uses.
public enum HTTPMethod: String, Sendable {
    /// Reads.
    case get = "GET"
    /// Creates, or triggers something: may not be repeated once it may have reached the server.
    case post = "POST"
    /// Replaces: the same bytes at the same place, however often.
    case put = "PUT"
    /// Removes.
    case delete = "DELETE"

    /// Whether doing it twice is doing it once (RFC 9110 §9.2.2).
    public var isIdempotent: Bool { self != .post }
}
