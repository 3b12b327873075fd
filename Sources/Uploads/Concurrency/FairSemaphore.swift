internal import Synchronization

/// Admits a bounded number of holders at a time, the others in the order in which they came.
///
/// A permit that is given back goes straight to the first who waits, never through the counter, so nobody who comes
/// later can take it away, and the counter is only above zero while nobody waits. A waiter leaves the line exactly once:
/// with a permit, or because its task was cancelled; whoever takes it out under the lock resumes it.
final class FairSemaphore: Sendable {
    private struct State {
        var permits: Int
        var line = WaitingLine<Bool>()
    }

    private let state: Mutex<State>

    /// Starts with all permits available.
    init(permits: Int) {
        precondition(permits > 0, "without a permit everybody waits forever")
        state = Mutex(State(permits: permits))
    }

    /// Waits for a permit. Each `true` needs one `release()`.
    ///
    /// - Returns: `false` when the task was cancelled before there was one.
    func acquire() async -> Bool {
        let ticket = WaitingLine<Bool>.Ticket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    // The handler runs after the task's flag is set: either it finds the waiter in the line, or the
                    // flag is seen here.
                    if Task.isCancelled { return false }
                    if state.permits > 0 {
                        state.permits -= 1
                        return true
                    }
                    state.line.append(continuation, ticket: ticket)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.line.remove(ticket) }?.resume(returning: false)
        }
    }

    /// Gives a permit back.
    func release() {
        let next = state.withLock { state in
            let next = state.line.removeFirst()
            if next == nil { state.permits += 1 }
            return next
        }
        next?.resume(returning: true)
    }

    /// How many wait; for tests.
    var waiting: Int { state.withLock { $0.line.count } }
}
