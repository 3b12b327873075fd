internal import Synchronization

/// Admits a bounded number of holders at a time, the others in the order in which they came, by lane: the lanes are served
/// in turn, so that many who wait in one don't hold up a few in the other.
///
/// A permit that is given back goes straight to who is next, never through the counter, so nobody who comes later can
/// take it away, and the counter is only above zero while nobody waits. A waiter leaves its line exactly once: with a
/// permit, or because its task was cancelled; whoever takes it out under the lock resumes it.
final class FairSemaphore: Sendable {
    /// What a permit is wanted for.
    enum Lane: Sendable {
        /// A file that travels in one request.
        case wholeFiles
        /// A part of a file that needs many.
        case parts
    }

    private struct State {
        var permits: Int
        var wholeFiles = WaitingLine<Bool>()
        var parts = WaitingLine<Bool>()
        var lastServed = Lane.parts

        mutating func append(
            _ continuation: CheckedContinuation<Bool, Never>,
            ticket: WaitingLine<Bool>.Ticket,
            _ lane: Lane
        ) {
            switch lane {
            case .wholeFiles: wholeFiles.append(continuation, ticket: ticket)
            case .parts: parts.append(continuation, ticket: ticket)
            }
        }

        mutating func remove(_ ticket: WaitingLine<Bool>.Ticket) -> CheckedContinuation<Bool, Never>? {
            wholeFiles.remove(ticket) ?? parts.remove(ticket)
        }

        /// Takes out who is next, from the lane that was not served last if somebody waits there.
        mutating func removeNext() -> CheckedContinuation<Bool, Never>? {
            let isTurnOfParts = lastServed == .wholeFiles ? parts.count > 0 : wholeFiles.count == 0
            let next = isTurnOfParts ? parts.removeFirst() : wholeFiles.removeFirst()
            if next != nil { lastServed = isTurnOfParts ? .parts : .wholeFiles }
            return next
        }
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
    func acquire(_ lane: Lane) async -> Bool {
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
                    state.append(continuation, ticket: ticket, lane)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.remove(ticket) }?.resume(returning: false)
        }
    }

    /// Gives a permit back.
    func release() {
        let next = state.withLock { state in
            let next = state.removeNext()
            if next == nil { state.permits += 1 }
            return next
        }
        next?.resume(returning: true)
    }

    /// How many wait; for tests.
    var waiting: Int { state.withLock { $0.wholeFiles.count + $0.parts.count } }
}
