/// When to try again, and how long to wait before. Pure: it has no clock and no state.
///
/// The wait is a random part (full jitter) of a ceiling that doubles, so that clients which failed together don't come
/// back together:
///
/// | after attempt | 1     | 2     | 3     | 4     | 5     | 6     | 7      | 8 …  |
/// |---------------|-------|-------|-------|-------|-------|-------|--------|------|
/// | ceiling       | 0.2 s | 0.4 s | 0.8 s | 1.6 s | 3.2 s | 6.4 s | 12.8 s | 20 s |
///
/// A `Retry-After` of the server replaces the random wait, up to a cap.
public struct RetryPolicy: Sendable, Equatable {
    /// What may be sent again.
    public enum Scope: Sendable {
        /// Nothing.
        case nothing
        /// What surely never reached the server, and what the server refused for want of capacity (429, 503).
        case notSent
        /// That, and what the server failed at (500, 502, 504): it may have been done all the same, and the caller finds
        /// that out when it is refused the second time.
        case refused
        /// Everything that failed in passing: transport errors, 408, 429, 500, 502, 503, 504.
        case everything
    }

    /// How an attempt ended.
    public enum Outcome: Sendable {
        /// With a response, and what its `Retry-After` asks for.
        case response(status: Int, retryAfter: Duration?)
        /// Without one.
        case failure(HTTPTransportError)
    }

    /// What to do then.
    public enum Decision: Sendable, Equatable {
        /// Another attempt after this time.
        case retry(after: Duration)
        /// The outcome stands.
        case giveUp
    }

    /// What may be sent again.
    public var scope: Scope
    /// Attempts in all. Seven wait 12.6 s at most, 6.3 s on average: a restart of a server, not an outage.
    public var maximumAttempts = 7
    /// Attempts at most that the server takes and does not answer in time. Each costs a minute (``HTTPDeadlines/firstByte``),
    /// so two end before a user gives up; a server that has not answered twice has more than a moment's trouble.
    public var maximumUnanswered = 2
    /// The first ceiling: about a round trip to another continent.
    public var firstCeiling = Duration.milliseconds(200)
    /// The last ceiling; longer waits look like a hang to who waits for a file.
    public var lastCeiling = Duration.seconds(20)
    /// How much of a server's `Retry-After` is honoured. One that asks for more is asked twice more, and then believed.
    public var longestRetryAfter = Duration.seconds(60)

    /// Creates a policy.
    public init(scope: Scope) {
        self.scope = scope
    }

    /// For requests that may be done twice.
    public static let idempotent = RetryPolicy(scope: .everything)
    /// For requests that must not be done twice.
    public static let notSent = RetryPolicy(scope: .notSent)
    /// For requests of which the server says when they were done already.
    public static let refused = RetryPolicy(scope: .refused)
    /// One attempt.
    public static let never = RetryPolicy(scope: .nothing)

    /// What to do after an attempt, the first of which is number 1.
    ///
    /// - Parameter unanswered: How many attempts were not answered in time, the last one included.
    public func decision(
        afterAttempt attempt: Int,
        unanswered: Int = 0,
        outcome: Outcome,
        using generator: inout some RandomNumberGenerator
    ) -> Decision {
        guard attempt < maximumAttempts, unanswered < maximumUnanswered, mayRepeat(after: outcome) else {
            return .giveUp
        }
        if case .response(_, let retryAfter?) = outcome {
            guard retryAfter <= longestRetryAfter || attempt < 3 else { return .giveUp }
            return .retry(after: min(max(retryAfter, .zero), longestRetryAfter))
        }
        return .retry(after: ceiling(afterAttempt: attempt) * Double.random(in: 0...1, using: &generator))
    }

    /// The longest wait after an attempt, as in the table.
    public func ceiling(afterAttempt attempt: Int) -> Duration {
        // 2^20 × 0.2 s is two days: beyond every cap, and far from overflow.
        min(lastCeiling, firstCeiling * (1 << min(max(attempt - 1, 0), 20)))
    }

    private func mayRepeat(after outcome: Outcome) -> Bool {
        switch (scope, outcome) {
        case (.nothing, _): false
        case (.notSent, .response(let status, _)): [429, 503].contains(status)
        case (.refused, .response(let status, _)): [429, 500, 502, 503, 504].contains(status)
        case (.notSent, .failure(let error)), (.refused, .failure(let error)):
            error.isTransient && !error.mayHaveReachedServer
        case (.everything, .response(let status, _)): [408, 429, 500, 502, 503, 504].contains(status)
        case (.everything, .failure(let error)): error.isTransient
        }
    }
}
