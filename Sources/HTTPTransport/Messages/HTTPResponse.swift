/// Status and header fields of a response.
public struct HTTPResponseHead: Sendable, Equatable {
    /// The status code; never 1xx.
    public var status: Int
    /// The header fields, in the order in which they came.
    public var headers: HTTPHeaders

    /// Creates a head.
    public init(status: Int, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
    }
}

/// A response whose body is in memory.
public struct HTTPResponse: Sendable {
    /// Status and header fields.
    public var head: HTTPResponseHead
    /// The whole body.
    public var body: [UInt8]

    /// The status code.
    public var status: Int { head.status }

    /// Creates a response.
    public init(head: HTTPResponseHead, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }
}
