/// Tasks that wait, first come, first served. The owner guards it with its lock and resumes what it takes out after
/// unlocking.
struct WaitingLine<Answer: Sendable>: Sendable {
    /// Identifies one waiter.
    final class Ticket: Sendable {}

    private var waiters: [(ticket: Ticket, continuation: CheckedContinuation<Answer, Never>)] = []

    /// The number of waiters.
    var count: Int { waiters.count }

    /// Puts a waiter at the end.
    mutating func append(_ continuation: CheckedContinuation<Answer, Never>, ticket: Ticket) {
        waiters.append((ticket, continuation))
    }

    /// Takes out who came first.
    mutating func removeFirst() -> CheckedContinuation<Answer, Never>? {
        waiters.isEmpty ? nil : waiters.removeFirst().continuation
    }

    /// Takes out one waiter, wherever it stands; `nil` when it left already.
    mutating func remove(_ ticket: Ticket) -> CheckedContinuation<Answer, Never>? {
        guard let index = waiters.firstIndex(where: { $0.ticket === ticket }) else { return nil }
        return waiters.remove(at: index).continuation
    }

    /// Takes out everybody.
    mutating func removeAll() -> [CheckedContinuation<Answer, Never>] {
        defer { waiters = [] }
        return waiters.map(\.continuation)
    }
}
