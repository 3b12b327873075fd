/// How long to leave alone what would fail each time that it is tried, counted in the times that it could be. Pure: it has
/// no clock.
///
/// | after failure | 1 | 2 | 3 | 4 | 5  | 6  | 7 …|
/// |---------------|---|---|---|---|----|----|----|
/// | left out      | 1 | 2 | 4 | 8 | 16 | 32 | 60 |
///
/// At one look a second the last is a minute: a disk that somebody has made room on is noticed soon enough.
struct Backoff: Sendable {
    private static let widest = 60

    private var width = 0
    private var left = 0

    /// Whether it is to be tried this time.
    mutating func isDue() -> Bool {
        guard left > 0 else { return true }
        left -= 1
        return false
    }

    /// It failed.
    ///
    /// - Returns: Whether it is the first failure in a row.
    mutating func failed() -> Bool {
        let isFirst = width == 0
        width = isFirst ? 1 : min(width * 2, Self.widest)
        left = width
        return isFirst
    }

    /// It worked.
    ///
    /// - Returns: Whether it had failed before.
    mutating func succeeded() -> Bool {
        let hadFailed = width > 0
        self = Backoff()
        return hadFailed
    }
}
