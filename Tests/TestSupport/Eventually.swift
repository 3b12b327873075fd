/// A condition did not come true in time.
public struct NotEventually: Error, CustomStringConvertible {
    /// What was waited for, and how long.
    public let description: String
}

/// Waits until a condition is true, looking every 5 ms; throws `NotEventually` once `deadline` has passed.
public func eventually(
    _ what: String,
    within deadline: Duration = .seconds(50),
    _ condition: @Sendable () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    while try await !condition() {
        guard ContinuousClock.now < end else {
            throw NotEventually(description: "not within \(deadline): \(what)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
