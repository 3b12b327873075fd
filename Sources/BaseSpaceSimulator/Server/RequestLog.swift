import Synchronization

/// The requests that the two servers of a simulator have seen, in the order in which they came.
final class RequestLog: Sendable {
    private struct State {
        var requests: [RecordedRequest] = []
        /// The number of the first request that is still held.
        var first = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    private let clock = ContinuousClock()
    private let epoch: ContinuousClock.Instant

    init(limit: Int) {
        self.limit = max(2, limit)
        epoch = clock.now
    }

    /// Seconds since the simulator started.
    var elapsed: Double { (clock.now - epoch).inSeconds }

    /// Adds a request; the number returned is its name from then on.
    func append(_ request: RecordedRequest) -> Int {
        state.withLock { state in
            if state.requests.count >= limit {
                let dropped = limit / 2
                state.requests.removeFirst(dropped)
                state.first += dropped
            }
            state.requests.append(request)
            return state.first + state.requests.count - 1
        }
    }

    /// Changes a request, unless it has been forgotten.
    func update(_ number: Int, _ change: (inout RecordedRequest) -> Void) {
        state.withLock { state in
            let index = number - state.first
            guard state.requests.indices.contains(index) else { return }
            change(&state.requests[index])
        }
    }

    /// What is held.
    var requests: [RecordedRequest] { state.withLock { $0.requests } }

    /// Forgets everything.
    func reset() {
        state.withLock { state in
            state.first += state.requests.count
            state.requests = []
        }
    }
}
