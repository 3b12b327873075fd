import HTTPTransport
import Testing

struct RetryPolicyTests {
    /// Returns the largest number always: what jitter leaves of a ceiling is all of it.
    private struct Largest: RandomNumberGenerator {
        func next() -> UInt64 { .max }
    }

    private func decision(
        _ policy: RetryPolicy,
        afterAttempt attempt: Int = 1,
        _ outcome: RetryPolicy.Outcome
    ) -> RetryPolicy.Decision {
        var generator = Largest()
        return policy.decision(afterAttempt: attempt, outcome: outcome, using: &generator)
    }

    private func repeats(_ policy: RetryPolicy, _ outcome: RetryPolicy.Outcome) -> Bool {
        decision(policy, outcome) != .giveUp
    }

    @Test func ceilingsFollowTheTable() {
        let table: [Duration] = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20].map { .milliseconds(Int($0 * 1000)) }
        #expect((1...9).map { RetryPolicy.idempotent.ceiling(afterAttempt: $0) } == table)
        #expect(RetryPolicy.idempotent.ceiling(afterAttempt: .max) == .seconds(20))
    }

    @Test func waitsStayBelowTheCeiling() {
        var generator = SystemRandomNumberGenerator()
        for attempt in 1...6 {
            for _ in 0..<100 {
                let decision = RetryPolicy.idempotent.decision(
                    afterAttempt: attempt,
                    outcome: .response(status: 503, retryAfter: nil),
                    using: &generator
                )
                guard case .retry(let delay) = decision else {
                    Issue.record("gave up after attempt \(attempt)")
                    return
                }
                #expect(delay >= .zero && delay <= RetryPolicy.idempotent.ceiling(afterAttempt: attempt))
            }
        }
    }

    @Test func givesUpAfterTheLastAttempt() {
        let outcome = RetryPolicy.Outcome.response(status: 500, retryAfter: nil)
        #expect(decision(.idempotent, afterAttempt: 6, outcome) != .giveUp)
        #expect(decision(.idempotent, afterAttempt: 7, outcome) == .giveUp)
    }

    @Test func repeatsByStatus() {
        for status in [200, 206, 301, 400, 401, 403, 404, 409, 410, 413, 501] {
            #expect(!repeats(.idempotent, .response(status: status, retryAfter: nil)), "\(status)")
        }
        for status in [408, 429, 500, 502, 503, 504] {
            #expect(repeats(.idempotent, .response(status: status, retryAfter: nil)), "\(status)")
            #expect(repeats(.notSent, .response(status: status, retryAfter: nil)) == [429, 503].contains(status))
            #expect(!repeats(.never, .response(status: status, retryAfter: nil)))
        }
    }

    @Test func repeatsByWhatTheServerMayHaveSeen() {
        let unsent = HTTPTransportError(.cannotConnect, "x")
        let sent = HTTPTransportError(.connectionLost, "x", mayHaveReachedServer: true)
        #expect(repeats(.notSent, .failure(unsent)) && !repeats(.notSent, .failure(sent)))
        #expect(repeats(.idempotent, .failure(unsent)) && repeats(.idempotent, .failure(sent)))
        for code in [HTTPTransportError.Code.cancelled, .shutDown, .tls, .bodyTooLarge, .invalidURL, .invalidRequest] {
            #expect(!repeats(.idempotent, .failure(HTTPTransportError(code, "x"))), "\(code)")
        }
    }

    @Test func honoursRetryAfterUpToACap() {
        #expect(decision(.idempotent, .response(status: 429, retryAfter: .seconds(7))) == .retry(after: .seconds(7)))
        let absurd = RetryPolicy.Outcome.response(status: 503, retryAfter: .seconds(9999))
        #expect(decision(.notSent, absurd) == .retry(after: .seconds(60)))
        #expect(decision(.notSent, afterAttempt: 3, absurd) == .giveUp)
    }

    @Test func readsRetryAfter() {
        #expect(RetryAfter.duration("120", now: 0) == .seconds(120))
        #expect(RetryAfter.duration("Sun, 06 Nov 1994 08:49:37 GMT", now: 784_111_770) == .seconds(7))
        #expect(RetryAfter.duration("Sun, 06 Nov 1994 08:49:37 GMT", now: 784_111_999) == .zero)
        for text in [
            "", "-1", "soon", "nan", "99999999999999999999", "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov \(Int.max) 08:49:37 GMT",
            "Sun, \(Int.max) Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 \(Int64.max):49:37 GMT", "Sun, 06 Nov 1994 08:49:\(Int64.max) GMT",
        ] {
            #expect(RetryAfter.duration(text, now: 0) == nil, "\(text)")
        }
    }

    @Test func countsDaysBothWays() {
        #expect(CivilDate(year: 1970, month: 1, day: 1).daysSince1970 == 0)
        #expect(CivilDate(year: 2000, month: 3, day: 1).daysSince1970 == 11_017)
        #expect(CivilDate(year: 1, month: 1, day: 1).daysSince1970 == -719_162)
        for day in stride(from: Int64(-800_000), through: 800_000, by: 97) {
            #expect(CivilDate(daysSince1970: day).daysSince1970 == day)
        }
    }
}
