internal import Synchronization

/// How long the first bytes of recent GETs took, and how long the next one is waited for.
///
/// An object store answers nearly always in the same few milliseconds, and now and then a request gets lost in it for
/// many seconds. One that is three times as late as the slowest hundredth of the recent ones is such a one: it is sent
/// again, on another connection, long before the client's own deadline. Each time in a row that this happens to a GET its
/// deadline doubles, so that an object store that has become slow is waited for.
///
/// A value without clock or lock.
struct FirstByteTimes: Sendable {
    /// Times kept: some minutes of a region browser, a second of a copy.
    private static let kept = 256
    /// With fewer than these nothing is known.
    private static let enough = 16
    /// A line with a few lost packets is no reason for a second request (gcsfuse has the same floor).
    private static let shortest = 1.5
    /// How many times as late as the slowest hundredth.
    private static let patience = 3.0

    private var times: [Double] = []
    private var next = 0
    private var slowest = 0.0
    /// Times noted since `slowest` was looked for.
    private var news = 0

    /// A first byte took so many seconds, or was given up after them.
    mutating func note(_ seconds: Double) {
        if times.count < Self.kept {
            times.append(seconds)
        } else {
            times[next] = seconds
            next = (next + 1) % Self.kept
        }
        news += 1
        if news >= Self.enough || seconds > slowest {
            news = 0
            slowest = times.sorted()[(times.count - 1) * 99 / 100]
        }
    }

    /// Seconds to wait for a first byte; `nil`: as long as the client would.
    ///
    /// - Parameter timeouts: How often this GET has been given up for a late first byte.
    func patience(after timeouts: Int) -> Double? {
        guard times.count >= Self.enough else { return nil }
        return max(Self.shortest, Self.patience * slowest) * Double(1 << min(timeouts, 10))
    }
}

/// The times of all GETs of a reader. Its lock is taken last, and nothing is called with it held.
final class FirstByteClock: Sendable {
    private let times = Mutex(FirstByteTimes())

    func note(_ seconds: Double) {
        times.withLock { $0.note(seconds) }
    }

    func patience(after timeouts: Int) -> Double? {
        times.withLock { $0.patience(after: timeouts) }
    }
}
