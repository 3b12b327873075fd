internal import Synchronization

/// Keeps calls of the API down to a few at a time, in the order in which they came.
///
/// Bodies of uploads take minutes on a slow line; at most `uploads` of them run at once, so that looking up a name never
/// waits behind them.
final class CallLimiter: Sendable {
    /// What a call is counted as.
    enum Lane: Sendable {
        case metadata
        case upload
    }

    /// Who runs and who waits. Pure: it says who may go, and the limiter tells them after unlock.
    struct Queue {
        let total: Int
        let uploads: Int
        private(set) var running = 0
        private(set) var runningUploads = 0
        private var waiting: [(id: UInt64, lane: Lane)] = []

        init(total: Int, uploads: Int) {
            self.total = total
            self.uploads = uploads
        }

        /// Whether the call may run at once; else it waits.
        mutating func enter(_ id: UInt64, _ lane: Lane) -> Bool {
            // Who waits comes first; an upload that waits for an upload holds nobody else up.
            guard hasRoom(for: lane), !waiting.contains(where: { $0.lane == lane }) else {
                waiting.append((id, lane))
                return false
            }
            count(lane, 1)
            return true
        }

        /// A call ended. Returns the one that may run now.
        mutating func leave(_ lane: Lane) -> UInt64? {
            count(lane, -1)
            guard let index = waiting.firstIndex(where: { hasRoom(for: $0.lane) }) else { return nil }
            let next = waiting.remove(at: index)
            count(next.lane, 1)
            return next.id
        }

        /// A call that waits gives up. `false` when it does not wait (any more).
        mutating func giveUp(_ id: UInt64) -> Bool {
            guard let index = waiting.firstIndex(where: { $0.id == id }) else { return false }
            waiting.remove(at: index)
            return true
        }

        private func hasRoom(for lane: Lane) -> Bool {
            running < total && (lane == .metadata || runningUploads < uploads)
        }

        private mutating func count(_ lane: Lane, _ change: Int) {
            running += change
            if lane == .upload {
                runningUploads += change
            }
        }
    }

    private struct State {
        var queue: Queue
        var lastID: UInt64 = 0
        var continuations: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        /// Calls that were cancelled before they waited.
        var cancelled: Set<UInt64> = []
    }

    private let state: Mutex<State>

    init(total: Int, uploads: Int) {
        state = Mutex(State(queue: Queue(total: total, uploads: uploads)))
    }

    /// Waits for its turn and runs the call. `nil` when the task was cancelled while it waited.
    func run<Value: Sendable>(_ lane: Lane, _ call: () async -> Value) async -> Value? {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        guard await enter(id, lane) else { return nil }
        let value = await call()
        let next = state.withLock { state in
            state.queue.leave(lane).flatMap { state.continuations.removeValue(forKey: $0) }
        }
        next?.resume(returning: true)
        return value
    }

    private func enter(_ id: UInt64, _ lane: Lane) async -> Bool {
        let mayRun = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.contains(id) { return false }
                    if state.queue.enter(id, lane) { return true }
                    state.continuations[id] = continuation
                    return nil
                }
                if let answer {
                    continuation.resume(returning: answer)
                }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                // Not waiting: either it has not come here yet, or it runs and the transfer will be cancelled.
                guard state.queue.giveUp(id) else {
                    state.cancelled.insert(id)
                    return CheckedContinuation<Bool, Never>?.none
                }
                return state.continuations.removeValue(forKey: id)
            }
            continuation?.resume(returning: false)
        }
        _ = state.withLock { $0.cancelled.remove(id) }
        return mayRun
    }
}
