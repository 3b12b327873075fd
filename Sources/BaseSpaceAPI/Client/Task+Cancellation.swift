internal import Synchronization

extension Task where Failure == Never {
    /// The task's value, or `nil` as soon as the *waiting* task is cancelled or the time is over; this task goes on for
    /// whoever else waits.
    ///
    /// - Parameter time: How long to wait; `nil`: as long as it takes.
    public func valueUnlessCancelled(within time: Duration? = nil) async -> Success? {
        let gate = Gate<Success>()
        Task<Void, Never> { gate.open(with: await self.value) }
        let timer = time.map { time in
            Task<Void, Never> {
                try? await Task<Never, Never>.sleep(for: time)
                gate.open(with: nil)
            }
        }
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await gate.wait()
        } onCancel: {
            gate.open(with: nil)
        }
    }
}

/// A value that one task waits for and that several may bring; the first counts.
private final class Gate<Value: Sendable>: Sendable {
    private enum State {
        case closed
        case waiting(CheckedContinuation<Value?, Never>)
        case open(Value?)
    }

    private let state = Mutex(State.closed)

    func open(with value: Value?) {
        let waiting = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            switch state {
            case .closed:
                state = .open(value)
                return nil
            case .waiting(let continuation):
                state = .open(value)
                return continuation
            case .open:
                return nil
            }
        }
        waiting?.resume(returning: value)
    }

    func wait() async -> Value? {
        await withCheckedContinuation { continuation in
            let early = state.withLock { state -> Value?? in
                guard case .open(let value) = state else {
                    state = .waiting(continuation)
                    return nil
                }
                return .some(value)
            }
            if let early {
                continuation.resume(returning: early)
            }
        }
    }
}
