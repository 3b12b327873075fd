internal import Logging
internal import Synchronization

/// Decides which of many equal lines are written: the first, and then one per interval with the number left out.
struct LogLimiter {
    /// A disk that stays full is worth a line a minute.
    static let interval: UInt64 = 60_000

    private var last: UInt64?
    private var suppressed = 0

    /// The number of lines left out before this one; nil if this one is left out too.
    mutating func admit(at now: UInt64) -> Int? {
        if let last, now >= last, now - last < Self.interval {
            suppressed += 1
            return nil
        }
        last = now
        defer { suppressed = 0 }
        return suppressed
    }
}

/// The cache's two complaints, each at most once a minute.
final class RateLimitedLog: Sendable {
    private struct State {
        var dropped = LogLimiter()
        var damaged = LogLimiter()
    }

    private let logger: Logger
    private let clock: CacheClock
    private let state = Mutex(State())

    init(_ logger: Logger, clock: @escaping CacheClock) {
        self.logger = logger
        self.clock = clock
    }

    /// Bytes could not be stored.
    func dropped(_ reason: @autoclosure () -> String) {
        guard let suppressed = state.withLock({ $0.dropped.admit(at: clock()) }) else { return }
        logger.warning("the cache does not store: \(reason()); reads go on without it\(Self.more(suppressed))")
    }

    /// A block was not what its checksum says.
    func damaged(block: Int, of key: ContentKey) {
        guard let suppressed = state.withLock({ $0.damaged.admit(at: clock()) }) else { return }
        logger.notice(
            "block \(block) of file \(key.file) is damaged in the cache and is fetched again\(Self.more(suppressed))"
        )
    }

    private static func more(_ suppressed: Int) -> String {
        suppressed == 0 ? "" : " (and \(suppressed) times since the last line)"
    }
}
