extension BaseSpaceError {
    /// Whether the service could not be asked, or could not answer.
    public var isUnreachable: Bool {
        switch kind {
        case .transport: true
        case .service(let status): status == 429 || status >= 500
        case .undecodable, .invalidRequest, .cancelled: false
        }
    }

    /// Whether the service has not answered: that, and what a proxy or a login portal says in its place (a redirect, HTML). What
    /// is known already may serve meanwhile.
    public var isNoAnswer: Bool {
        if case .service(status: 300...399) = kind { return true }
        return isUnreachable || isForeign
    }

    /// Whether the service says that something is not there, or no more, for this account.
    public var isAbsence: Bool { [403, 404, 410].contains(status) }

    /// The caller stopped waiting for something.
    public static func cancelled(_ what: String) -> BaseSpaceError {
        BaseSpaceError(kind: .cancelled, message: "interrupted", endpoint: what)
    }

    /// The call breaks a rule of the service and was not sent.
    static func invalid(_ message: String, _ endpoint: Endpoint) -> BaseSpaceError {
        BaseSpaceError(kind: .invalidRequest, message: message, endpoint: endpoint.description)
    }

    /// What answers is not the service.
    static func foreign(_ endpoint: String) -> BaseSpaceError {
        BaseSpaceError(DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "")), endpoint: endpoint)
    }

    /// The service's answers do not fit together.
    public static func undecodable(_ what: String) -> BaseSpaceError {
        BaseSpaceError(kind: .undecodable, message: "the answer lacks what it should have", endpoint: what)
    }
}
