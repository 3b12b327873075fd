/// Why a transfer brought no complete response. A response with an error status is no transport error.
public struct HTTPTransportError: Error, Sendable, Equatable {
    /// What went wrong. More codes may come.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Storage: String {
            // Before anything was sent.
            case invalidURL, invalidRequest, cannotResolve, cannotConnect, tls, connectTimedOut
            // On the line.
            case firstByteTimedOut, stalled, deadlineExceeded, connectionLost, partialBody, protocolViolation
            // On this side.
            case bodyTooLarge, bodyUnreadable, cancelled, shutDown
        }

        private let storage: Storage

        /// The URL may not be contacted.
        public static let invalidURL = Code(storage: .invalidURL)
        /// A header can't be sent, or the range is empty.
        public static let invalidRequest = Code(storage: .invalidRequest)
        /// The host has no address, or no name server answers.
        public static let cannotResolve = Code(storage: .cannotResolve)
        /// No connection to the host or the proxy.
        public static let cannotConnect = Code(storage: .cannotConnect)
        /// No trusted encrypted connection.
        public static let tls = Code(storage: .tls)
        /// No connection in time.
        public static let connectTimedOut = Code(storage: .connectTimedOut)
        /// The request was sent, and no response began in time.
        public static let firstByteTimedOut = Code(storage: .firstByteTimedOut)
        /// A body stopped moving.
        public static let stalled = Code(storage: .stalled)
        /// The transfer as a whole took too long.
        public static let deadlineExceeded = Code(storage: .deadlineExceeded)
        /// The connection broke.
        public static let connectionLost = Code(storage: .connectionLost)
        /// The body is shorter than announced.
        public static let partialBody = Code(storage: .partialBody)
        /// The body is longer than the caller takes.
        public static let bodyTooLarge = Code(storage: .bodyTooLarge)
        /// The body to send could not be read from its file.
        public static let bodyUnreadable = Code(storage: .bodyUnreadable)
        /// Somebody cancelled the transfer.
        public static let cancelled = Code(storage: .cancelled)
        /// What came is not HTTP.
        public static let protocolViolation = Code(storage: .protocolViolation)
        /// The client was shut down.
        public static let shutDown = Code(storage: .shutDown)

        /// The code's name.
        public var description: String { storage.rawValue }
    }

    /// What went wrong.
    public var code: Code
    /// One line: what failed, on which host, and what to do.
    public var message: String
    /// Whether the server may have acted on the request. When not, anything may be sent again.
    public var mayHaveReachedServer: Bool
    /// Whether another attempt can succeed.
    public var isTransient: Bool

    /// Creates an error.
    ///
    /// - Parameter isTransient: `nil`: as usual for the code.
    public init(_ code: Code, _ message: String, mayHaveReachedServer: Bool = false, isTransient: Bool? = nil) {
        self.code = code
        self.message = message
        self.mayHaveReachedServer = mayHaveReachedServer
        self.isTransient = isTransient ?? Self.transientCodes.contains(code)
    }

    private static let transientCodes: Set<Code> = [
        .cannotResolve, .cannotConnect, .connectTimedOut, .firstByteTimedOut, .stalled, .connectionLost, .partialBody,
    ]

    static func invalidURL(_ message: String) -> HTTPTransportError {
        HTTPTransportError(.invalidURL, message)
    }
}

extension HTTPTransportError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
