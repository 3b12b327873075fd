/// How a call of the API ended, after all of its attempts.
public enum CallOutcome: String, CaseIterable, Sendable {
    /// With a 2xx status.
    case success
    /// With 401: the token is missing, revoked or of another region.
    case unauthorized
    /// With another 4xx status, but for 429.
    case refused
    /// With 429.
    case throttled
    /// With any other status.
    case serverError = "server_error"
    /// Without a complete answer.
    case unreachable
    /// Because nobody waited for it any more.
    case cancelled

    init(status: Int) {
        self =
            switch status {
            case 200..<300: .success
            case 401: .unauthorized
            case 429: .throttled
            case 400..<500: .refused
            default: .serverError
            }
    }

    /// Whether it counts as an error: a call that was not wanted any more does not.
    public var isError: Bool { self != .success && self != .cancelled }
}

/// The calls that a client has made, by how they ended. Calls that break a rule of the service are not sent, and not
/// counted.
public struct CallStatistics: Sendable, Equatable {
    /// Calls that have ended; an outcome that never was is missing.
    public var calls: [CallOutcome: UInt64] = [:]
    /// Answers among the successes that were not what the service is known to send.
    public var undecodable: UInt64 = 0

    /// No calls yet.
    public init() {}

    /// Calls that have ended with an outcome.
    public subscript(outcome: CallOutcome) -> UInt64 { calls[outcome] ?? 0 }

    /// All calls that have ended.
    public var total: UInt64 { calls.values.reduce(0, +) }

    /// Calls that failed, or whose answer was of no use.
    public var errors: UInt64 { calls.reduce(undecodable) { $0 + ($1.key.isError ? $1.value : 0) } }
}
