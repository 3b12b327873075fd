/// A request, as one attempt sends it.
public struct HTTPRequest: Sendable {
    /// The method.
    public var method: HTTPMethod
    /// Where it goes.
    public var url: HTTPURL
    /// Fields beyond those that the client sends by itself (`Host`, `User-Agent`, `Content-Length`, `Range`).
    public var headers: HTTPHeaders
    /// The bytes to send.
    public var body: HTTPBody
    /// The bytes wanted of the object; sent as `Range: bytes=a-(b-1)`. Must not be empty.
    public var range: Range<Int64>?
    /// Deadlines of this request; `nil`: the client's.
    public var deadlines: HTTPDeadlines?

    /// Creates a request with the client's deadlines.
    public init(
        _ method: HTTPMethod,
        _ url: HTTPURL,
        headers: HTTPHeaders = [:],
        body: HTTPBody = .none,
        range: Range<Int64>? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.range = range
    }
}

extension HTTPRequest: CustomStringConvertible {
    /// Method and URL, without query and headers.
    public var description: String { "\(method.rawValue) \(url)" }
}

/// What a request sends. All of it has a known length and can be sent again from its start.
public enum HTTPBody: Sendable {
    /// Nothing. POST and PUT say `Content-Length: 0`.
    case none
    /// Bytes in memory.
    case bytes([UInt8])
    /// A region of a file, read with `pread` as the line takes it. The descriptor has to stay open until the transfer
    /// completed.
    case file(descriptor: CInt, offset: Int64, count: Int64)

    /// Its length in bytes.
    public var count: Int64 {
        switch self {
        case .none: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, _, let count): count
        }
    }
}

/// How long a transfer may take in each of its phases.
///
/// There is no deadline for a whole body by default: a body takes as long as the line takes, as long as bytes move.
public struct HTTPDeadlines: Sendable, Equatable {
    /// Name look-up, TCP and TLS together.
    public var connect: Duration
    /// From the request's last byte to the response's first one.
    public var firstByte: Duration
    /// How long the rate may stay under `stallBytesPerSecond` while a body moves.
    public var stallTime: Duration
    /// The rate in bytes per second under which a body counts as stalled.
    public var stallBytesPerSecond: Int
    /// From the moment the transfer gets a connection's slot to its end; `nil`: no limit.
    public var total: Duration?

    /// Creates deadlines.
    ///
    /// Defaults: 10 s to connect is three lost SYN packets; 60 s for the first byte, since the service computes some
    /// listings for many seconds; 1 KiB/s for 30 s is a line on which nothing gets anywhere, but no slow one.
    public init(
        connect: Duration = .seconds(10),
        firstByte: Duration = .seconds(60),
        stallTime: Duration = .seconds(30),
        stallBytesPerSecond: Int = 1 << 10,
        total: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.stallTime = stallTime
        self.stallBytesPerSecond = stallBytesPerSecond
        self.total = total
    }
}
