import TestSupport

/// Waits for a condition with the patience that a loaded machine needs: the tests of this target run all at once.
func reached(_ what: String, _ condition: @Sendable () async throws -> Bool) async throws {
    try await eventually(what, within: .seconds(60), condition)
}
