/// The lines that were written to the log a moment ago, so that the same one is not written again and again.
///
/// A value without clock.
struct RecentLines: Sendable {
    /// How long the same line is kept back.
    static let interval = Duration.seconds(60)
    private static let capacity = 256

    private var lines: [String: ContinuousClock.Instant] = [:]

    /// Notes a line, and answers whether it was not written during the last minute.
    mutating func isNew(_ line: String, at now: ContinuousClock.Instant) -> Bool {
        if let written = lines[line], now < written + Self.interval { return false }
        if lines.count >= Self.capacity {
            lines = lines.filter { now < $0.value + Self.interval }
        }
        // Many different ones at once are worth being read.
        if lines.count >= Self.capacity { lines = [:] }
        lines[line] = now
        return true
    }
}
