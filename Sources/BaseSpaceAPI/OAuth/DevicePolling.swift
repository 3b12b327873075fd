/// When to ask whether the user has answered, and when to stop. Pure: it has no clock and asks nobody.
///
/// The server says how long to wait between two questions, `slow_down` makes that 5 seconds longer for good (RFC 8628), and
/// a server that can't be reached is asked on: the user's answer waits there until the code expires.
public struct DevicePolling: Sendable {
    /// What to do next.
    public enum Step: Sendable, Equatable {
        /// Wait so long, then ask.
        case ask(after: Duration)
        /// It is over.
        case end(Ending)
    }

    /// How a login ends.
    public enum Ending: Sendable, Equatable {
        /// With a token.
        case granted(AccessToken)
        /// The user said no.
        case denied
        /// Nobody answered in time, or the code is not known any more.
        case expired
        /// The service can't go on with it.
        case failed(BaseSpaceError)
    }

    /// Why the last question had no answer; `nil` when it had one.
    public private(set) var trouble: BaseSpaceError?
    private var interval: Duration
    private let end: ContinuousClock.Instant

    /// What `slow_down` adds. (RFC 8628)
    private static let slowing = Duration.seconds(5)

    /// - Parameter start: The moment at which the code was asked for.
    public init(_ code: DeviceCode, start: ContinuousClock.Instant) {
        interval = code.interval
        end = start + code.lifetime
    }

    /// The first step.
    public func first(at now: ContinuousClock.Instant) -> Step {
        next(at: now)
    }

    /// The step after a question.
    public mutating func next(
        after answer: Result<DeviceLogin, BaseSpaceError>,
        at now: ContinuousClock.Instant
    ) -> Step {
        trouble = nil
        switch answer {
        case .success(.granted(let token)): return .end(.granted(token))
        case .success(.denied): return .end(.denied)
        case .success(.expired): return .end(.expired)
        case .success(.pending): break
        case .success(.tooFast): interval += Self.slowing
        case .failure(let error) where error.isUnreachable: trouble = error
        case .failure(let error): return .end(.failed(error))
        }
        return next(at: now)
    }

    /// The last question is asked when the code expires, since the answer may have come just before.
    private func next(at now: ContinuousClock.Instant) -> Step {
        now < end ? .ask(after: min(interval, end - now)) : .end(.expired)
    }
}
