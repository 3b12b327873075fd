import Synchronization

@testable import Uploads

/// Lets calls wait until a test opens it, or until the call's task is cancelled.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var line = WaitingLine<Void>()
    }

    private let state = Mutex(State())

    func wait() async {
        let ticket = WaitingLine<Void>.Ticket()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayPass = state.withLock { state in
                    if state.isOpen || Task.isCancelled { return true }
                    state.line.append(continuation, ticket: ticket)
                    return false
                }
                if mayPass { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.line.remove(ticket) }?.resume()
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            return state.line.removeAll()
        }
        for waiter in waiters { waiter.resume() }
    }
}
