internal import BaseSpaceAPI
internal import HTTPTransport
internal import Synchronization

/// Whether the service is away, as far as the last calls tell, and so how long who has an old answer waits for a new one.
///
/// | the service                            | who looks waits                                                       |
/// |----------------------------------------|-----------------------------------------------------------------------|
/// | answers                                | 5 s; after a refresh 30 s                                             |
/// | is away, and was tried 5 s ago or less | not at all: what is old is as good as fresh, directory after directory |
/// | was away a minute ago or less          | 1 s: it answers in less, if it is back                                |
///
/// Nobody gives up on a service that answers others meanwhile, were it slow or its answer long. A call goes on when nobody
/// waits for it any more; an answer, be it a refusal, ends the outage. Who has no old answer waits in any case.
///
/// Only what tells of the way to the service counts: one entity that can't be had (500), or too many calls (429), are
/// matters of their own.
///
/// A value without clock.
struct Outage: Sendable {
    private let configuration: Tree.Configuration
    /// Since when nothing was heard of it; `nil` while it answers.
    private var beginning: ContinuousClock.Instant?
    /// Until when the service is left alone; `nil` while it answers.
    private var pauseEnd: ContinuousClock.Instant?
    /// When it last gave a sign of life.
    private var lastAnswer: ContinuousClock.Instant?

    /// For how long after a pause it is doubted.
    private static let doubt = Duration.seconds(60)

    init(_ configuration: Tree.Configuration) {
        self.configuration = configuration
    }

    /// Until when the service is left alone, if it is.
    func pause(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        pauseEnd.flatMap { now < $0 ? $0 : nil }
    }

    /// For how long the service has given no sign of life; `nil` while it answers.
    func duration(at now: ContinuousClock.Instant) -> Duration? {
        beginning.map { $0.duration(to: now) }
    }

    /// How long to wait for a sign of life before an old answer does.
    ///
    /// - Parameter isRefresh: Whether somebody has said that the old answer is not good enough.
    func patience(at now: ContinuousClock.Instant, isRefresh: Bool) -> Duration {
        if let pauseEnd, now < pauseEnd + Self.doubt { return configuration.patienceWhenAway }
        return isRefresh ? configuration.patienceAfterRefresh : configuration.patience
    }

    /// The service has answered a call, or a page of one.
    mutating func isOver(at now: ContinuousClock.Instant) {
        (beginning, pauseEnd) = (nil, nil)
        lastAnswer = now
    }

    /// Somebody wants to know whether it is back.
    mutating func tryAgain() {
        pauseEnd = nil
    }

    /// Somebody who has tried or waited since `start` could not reach the service, or had no sign of life. It is not away if
    /// it has answered somebody else since.
    mutating func wasMet(since start: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        if let lastAnswer, lastAnswer > start { return }
        beginning = beginning ?? start
        pauseEnd = now + configuration.retryInterval
    }
}

/// What is known of something that the service is asked for.
enum Look<Value: Sendable>: Sendable {
    typealias Call = Task<Result<Value, BaseSpaceError>, Never>

    /// The answer.
    case known(Result<Value, BaseSpaceError>)
    /// A call that is under way. One that began before a change that is known of is not the answer.
    ///
    /// `patience`: how long who has an old answer waits for a sign of life; `nil` for who has none.
    case wait(Call, isAnswer: Bool, patience: Duration?)
}

extension Tree {
    /// For how long the service has been away, as far as calls for what the tree shows tell; `nil` while it answers. What is
    /// shown meanwhile is what was known before.
    public var outage: Duration? {
        state.withLock { $0.outage.duration(at: now()) }
    }

    /// Looks until there is an answer. Whoever is cancelled stops waiting; calls go on.
    ///
    /// - Parameter look: Starts a call where there is none and one is needed.
    func answer<Value>(
        to what: @autoclosure () -> String,
        _ look: (inout State) -> Look<Value>
    ) async throws(BaseSpaceError) -> Value {
        while true {
            let (start, answers) = (now(), service.answers)
            switch state.withLock({ look(&$0) }) {
            case .known(let result):
                return try result.get()
            case .wait(let call, let isAnswer, let patience):
                if let result = await call.valueUnlessCancelled(within: patience) {
                    if isAnswer { return try result.get() }
                } else if Task.isCancelled {
                    throw BaseSpaceError.cancelled(what())
                } else if service.answers != answers {
                    noteAnswer()
                } else {
                    // If it is away the next look finds that the old answer will do.
                    state.withLock { $0.outage.wasMet(since: start, at: now()) }
                }
            }
        }
    }

    /// The service has answered a call, or a page of one.
    func noteAnswer() {
        state.withLock { $0.outage.isOver(at: now()) }
    }
}

extension Tree.State {
    /// Learns from a call that failed whether the service is away.
    mutating func noteFailure(
        _ error: BaseSpaceError,
        since start: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) {
        switch error.kind {
        case .transport(let code) where Self.unreachable.contains(code): outage.wasMet(since: start, at: now)
        case .service(status: 502...504): outage.wasMet(since: start, at: now)
        case .service(status: 300...399): break
        case .service: outage.isOver(at: now)
        case .transport, .undecodable, .invalidRequest, .cancelled: break
        }
    }

    /// No way to the service, or no word from it.
    private static let unreachable: Set<HTTPTransportError.Code> = [
        .cannotResolve, .cannotConnect, .connectTimedOut, .firstByteTimedOut, .stalled, .connectionLost,
    ]
}
