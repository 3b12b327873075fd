/// Where a transfer stands against its deadlines: told what happened and what time it is, says what is overdue.
///
/// A transfer connects, sends, waits for the response's first byte, receives. Connecting and waiting have a deadline;
/// in sending and receiving bytes have to move: when every tick (an eighth of `stallTime`) had a rate under the limit
/// for as long as `stallTime`, the body is stalled. A single good tick starts the count anew, so a slow line that moves
/// in bursts is left alone.
///
/// libcurl's own LOW_SPEED check is not used: it can't tell waiting for the first byte from a stalled body.
struct DeadlineWatch {
    typealias Instant = ContinuousClock.Instant

    private enum Phase {
        case connecting
        case sending
        case waiting(since: Instant)
        case receiving
    }

    private let deadlines: HTTPDeadlines
    private let started: Instant
    private var phase = Phase.connecting
    private var tickStart: Instant
    private var bytesInTick = 0
    private var slowSince: Instant?

    init(_ deadlines: HTTPDeadlines, now: Instant) {
        self.deadlines = deadlines
        started = now
        tickStart = now
    }

    /// A connection is there, and the request goes out now.
    mutating func connected(sendsBody: Bool, now: Instant) {
        phase = sendsBody ? .sending : .waiting(since: now)
        startTick(now)
        slowSince = nil
    }

    /// The body's last byte was taken.
    mutating func sentBody(now: Instant) {
        if case .sending = phase {
            phase = .waiting(since: now)
        }
    }

    /// The response's first line came. It may come before the whole body was sent.
    mutating func responseBegan(now: Instant) {
        phase = .receiving
        startTick(now)
        slowSince = nil
    }

    /// Bytes of a body moved.
    mutating func moved(_ bytes: Int) {
        bytesInTick += bytes
    }

    /// Whether the request went out, as far as one can tell.
    var isConnected: Bool {
        if case .connecting = phase { false } else { true }
    }

    /// What is overdue.
    mutating func overdue(now: Instant) -> HTTPTransportError.Code? {
        if let total = deadlines.total, now - started >= total {
            return .deadlineExceeded
        }
        switch phase {
        case .connecting:
            return now - started >= deadlines.connect ? .connectTimedOut : nil
        case .waiting(let since):
            return now - since >= deadlines.firstByte ? .firstByteTimedOut : nil
        case .sending, .receiving:
            return isStalled(now: now) ? .stalled : nil
        }
    }

    /// When to ask again.
    var nextCheck: Instant {
        let next =
            switch phase {
            case .connecting: started + deadlines.connect
            case .waiting(let since): since + deadlines.firstByte
            case .sending, .receiving: tickStart + tick
            }
        guard let total = deadlines.total else { return next }
        return min(next, started + total)
    }

    private var tick: Duration { deadlines.stallTime / 8 }

    private mutating func startTick(_ now: Instant) {
        tickStart = now
        bytesInTick = 0
    }

    private mutating func isStalled(now: Instant) -> Bool {
        let elapsed = now - tickStart
        guard elapsed >= tick else { return false }
        let isSlow = Double(bytesInTick) < Double(deadlines.stallBytesPerSecond) * (elapsed / .seconds(1))
        slowSince = isSlow ? slowSince ?? tickStart : nil
        startTick(now)
        return slowSince.map { now - $0 >= deadlines.stallTime } ?? false
    }
}
