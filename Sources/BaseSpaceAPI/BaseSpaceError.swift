public import HTTPTransport

/// Why a call of the service has no result.
public struct BaseSpaceError: Error, Sendable, Equatable {
    /// What kind of failure it is.
    public enum Kind: Sendable, Hashable {
        /// The service answered with an error status.
        case service(status: Int)
        /// There was no complete answer.
        case transport(HTTPTransportError.Code)
        /// The answer is not what the service is known to send.
        case undecodable
        /// The call breaks a rule of the service and was not sent.
        case invalidRequest
        /// The calling task was cancelled.
        case cancelled
    }

    /// What kind of failure it is.
    public var kind: Kind
    /// The service's code, such as `BASESPACE.COMMON.AUTHENTICATION_FAILURE`.
    public var code: String?
    /// What went wrong, in one line without secrets; the service's own words when it has some.
    public var message: String
    /// The service's name of the request, which Illumina's support asks for.
    public var requestID: String?
    /// The call, as in `GET v1pre3/projects/12`; without the query.
    public var endpoint: String
    /// Whether the service may have acted on the call although it failed.
    public var mayHaveReachedServer: Bool
    /// Whether what came is no JSON, and so not from the service.
    public var isForeign = false

    /// Creates an error.
    public init(
        kind: Kind,
        code: String? = nil,
        message: String,
        requestID: String? = nil,
        endpoint: String,
        mayHaveReachedServer: Bool = false
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.requestID = requestID
        self.endpoint = endpoint
        self.mayHaveReachedServer = mayHaveReachedServer
    }

    init(_ error: HTTPTransportError, endpoint: String) {
        self.init(
            kind: error.code == .cancelled ? .cancelled : .transport(error.code),
            message: error.message,
            endpoint: endpoint,
            mayHaveReachedServer: error.mayHaveReachedServer
        )
    }

    /// The status with which the service answered.
    public var status: Int? {
        if case .service(let status) = kind { status } else { nil }
    }
}

extension BaseSpaceError: CustomStringConvertible {
    /// One line for logs and people.
    public var description: String {
        var text = endpoint + ": "
        if let status { text += "\(status) " }
        text += message
        let details = [code, requestID.map { "request \($0)" }].compactMap { $0 }
        if !details.isEmpty { text += " (\(details.joined(separator: ", ")))" }
        if status == 401 { text += "; the token is missing, revoked or of another region: log in again" }
        return text
    }
}
