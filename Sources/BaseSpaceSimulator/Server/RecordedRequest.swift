/// A request that a simulator has seen, and what became of it.
public struct RecordedRequest: Sendable {
    /// Which server it came to.
    public var listener: Listener
    /// `GET`, `POST`, …
    public var method: String
    /// The path of the URL, percent-encoded as it came.
    public var path: String
    /// The query without `?`; empty if there is none. A signed URL's signature is in it.
    public var query: String
    /// Names and values as they came, a token among them.
    public var headers: [(name: String, value: String)]
    /// The status that was sent; nil until then, and for ever if the request hangs.
    public var status: Int?
    /// Bytes of the response's body that were written to the socket.
    public var bytesSent: Int64 = 0
    /// Bytes of the request's body that were read.
    public var bytesReceived: Int64 = 0
    /// When it came, in seconds of a clock that only this simulator's other times share.
    public var started: Double
    /// When its response had been written; nil until then.
    public var finished: Double?

    /// The value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The `Range` header as it came.
    public var range: String? { header("range") }
}
