public import HTTPTransport

/// A URL whose query is the permission to read a file: whoever has it reads, without a token, until it expires.
/// Descriptions leave the query out.
public struct SignedURL: Hashable, Sendable, CustomStringConvertible {
    /// The URL to read from. The access token must not be sent there.
    public let url: HTTPURL

    /// Wraps a URL.
    public init(_ url: HTTPURL) {
        self.url = url
    }

    /// The URL without its query.
    public var description: String { url.description }
}

/// Where a file's bytes are to be had, and until when.
public struct ContentLocation: Sendable, Hashable {
    /// The URL to read from. The access token must not be sent there.
    public var url: HTTPURL
    /// When the service says that the URL ends; the live service says so two minutes early.
    public var expires: Timestamp

    /// Creates a location.
    public init(url: HTTPURL, expires: Timestamp) {
        self.url = url
        self.expires = expires
    }
}
