internal import BaseSpaceAPI
internal import Synchronization

/// Whether the service is away, as far as the last calls tell, and so how long a look waits for it that has an old answer.
///
/// | the service                                | who looks waits                                                      |
/// |--------------------------------------------|----------------------------------------------------------------------|
/// | answers                                    | 5 s; who has asked for a refresh, until the call has ended           |
/// | is away, and was tried a moment ago        | not at all: a directory after the other would be slow                |
/// | is away, and was not tried for some time   | 1 s: it answers in less, if it is back                               |
///
/// A call goes on when nobody waits for it any more; that it has an answer ends the outage. Who has no old answer waits
/// in any case.
///
/// A value without clock.
struct Outage: Sendable {
    /// How long a look waits for a service that is not known to be away. Calls are repeated for some 10 s, and take minutes
    /// where nothing answers at all.
    var patience: Duration
    /// The same, for one that was.
    var patienceWhenAway: Duration
    /// How long it is left alone after it could not be reached.
    var pause: Duration
    /// Until when that is; `nil` while it answers.
    private var end: ContinuousClock.Instant?

    init(_ configuration: Tree.Configuration) {
        patience = configuration.patience
        patienceWhenAway = configuration.patienceWhenAway
        pause = configuration.retryInterval
    }

    /// How long to wait for a new answer if there is an old one; `nil`: until the call has ended.
    ///
    /// - Parameter isRefresh: Whether somebody has said that the old answer is not good enough.
    func patience(at now: ContinuousClock.Instant, isRefresh: Bool) -> Duration? {
        guard let end else { return isRefresh ? nil : patience }
        return now < end ? .zero : patienceWhenAway
    }

    /// The service could not be reached, or has not answered in time.
    mutating func wasMet(at now: ContinuousClock.Instant) {
        end = now + pause
    }

    /// The service has answered, be it with a refusal.
    mutating func isOver() {
        end = nil
    }
}

extension Tree {
    /// What the service answers, or an old answer if there is one and the service does not answer in time; `nil` if the
    /// waiting task is cancelled.
    ///
    /// - Parameters:
    ///   - call: Goes on for whoever else waits.
    ///   - patience: How long who has an old answer waits; `nil`: until the call has ended.
    func result<Value>(
        of call: Task<Result<Value, BaseSpaceError>, Never>,
        or old: Value?,
        after patience: Duration?
    ) async -> Result<Value, BaseSpaceError>? {
        if let result = await call.valueUnlessCancelled(within: old == nil ? nil : patience) { return result }
        guard let old, !Task.isCancelled else { return nil }
        state.withLock { $0.outage.wasMet(at: now()) }
        return .success(old)
    }
}

extension Tree.State {
    /// Learns from how a call has ended whether the service is away.
    mutating func noteOutage(_ error: BaseSpaceError?, at now: ContinuousClock.Instant) {
        if error?.isUnreachable == true {
            outage.wasMet(at: now)
        } else {
            outage.isOver()
        }
    }
}
