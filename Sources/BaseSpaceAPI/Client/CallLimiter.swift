internal import Synchronization

/// Keeps calls of the API down to a few at a time, in the order in which they came.
///
/// Bodies of uploads take minutes on a slow line; they are counted for themselves, so that looking up a name never waits
/// behind them.
final class CallLimiter: Sendable {
    /// What a call is counted as.
    enum Lane: Sendable {
        case metadata
        case upload
    }

    /// Who runs and who waits. Pure: it says who may go, and the limiter tells them after unlock.
    struct Queue {
        private struct Places {
            let count: Int
            var taken = 0
            var waiting: [UInt64] = []
        }

        private var metadata: Places
        private var uploads: Places

        init(metadata: Int, uploads: Int) {
            self.metadata = Places(count: metadata)
            self.uploads = Places(count: uploads)
        }

        /// How many calls run.
        var running: Int { metadata.taken + uploads.taken }

        /// Whether the call may run at once; else it waits.
        mutating func enter(_ id: UInt64, _ lane: Lane) -> Bool {
            guard self[lane].taken < self[lane].count else {
                self[lane].waiting.append(id)
                return false
            }
            self[lane].taken += 1
            return true
        }

        /// A call ended. Returns the one that may run now.
        mutating func leave(_ lane: Lane) -> UInt64? {
            guard self[lane].waiting.isEmpty else { return self[lane].waiting.removeFirst() }
            self[lane].taken -= 1
            return nil
        }

        /// A call that waits gives up. `false` when it does not wait (any more).
        mutating func giveUp(_ id: UInt64) -> Bool {
            for lane in [Lane.metadata, .upload] {
                guard let index = self[lane].waiting.firstIndex(of: id) else { continue }
                self[lane].waiting.remove(at: index)
                return true
            }
            return false
        }

        private subscript(lane: Lane) -> Places {
            get { lane == .metadata ? metadata : uploads }
            _modify {
                if lane == .metadata { yield &metadata } else { yield &uploads }
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

    init(metadata: Int, uploads: Int) {
        state = Mutex(State(queue: Queue(metadata: metadata, uploads: uploads)))
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
