import NIOCore
import Synchronization

/// The faults in force, how often each has met a request, and the requests that hang.
final class FaultPlan: Sendable {
    private struct State {
        var faults: [Fault] = []
        /// Per fault, how many requests matched so far.
        var matches: [Int] = []
        var random: SplitMix64
        var hanging: [EventLoopPromise<Void>] = []
        /// Grows when the faults are set anew: what an older set decided hangs no more.
        var generation = 0
    }

    private let state: Mutex<State>

    init(seed: UInt64) {
        state = Mutex(State(random: SplitMix64(state: seed)))
    }

    /// Replaces all faults, starts counting anew and lets go what hangs.
    func set(_ faults: [Fault]) {
        let released = state.withLock { state in
            state.faults = faults
            state.matches = Array(repeating: 0, count: faults.count)
            state.generation += 1
            defer { state.hanging = [] }
            return state.hanging
        }
        for promise in released {
            promise.succeed()
        }
    }

    /// The faults in force.
    var faults: [Fault] { state.withLock { $0.faults } }

    /// What the faults do to a request. Counts it.
    func interference(listener: Listener, method: String, path: String, isRanged: Bool) -> Interference {
        state.withLock { state in
            var interference = Interference()
            interference.generation = state.generation
            for index in state.faults.indices {
                let match = state.faults[index].match
                guard match.matches(listener: listener, method: method, path: path, isRanged: isRanged) else {
                    continue
                }
                if match.probability < 1, Double.random(in: 0..<1, using: &state.random) >= match.probability {
                    continue
                }
                state.matches[index] += 1
                let position = state.matches[index] - match.skipping
                guard position > 0, position <= match.count ?? .max else { continue }
                interference.add(state.faults[index].effect)
            }
            return interference
        }
    }

    /// Waits until the faults are set anew or the connection is closed, by the client or by `stop()`.
    ///
    /// - Parameter generation: of the interference; if the faults have been set since, there is nothing to wait for.
    func hang(on channel: any Channel, generation: Int) async throws {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let isCurrent = state.withLock { state in
            if state.generation == generation { state.hanging.append(promise) }
            return state.generation == generation
        }
        if !isCurrent { promise.succeed() }
        // Promises ignore all but the first result; a connection that is closed already fires at once.
        channel.closeFuture.whenComplete { _ in promise.succeed() }
        try await promise.futureResult.get()
        state.withLock { $0.hanging.removeAll { $0 == promise } }
    }
}

/// A small generator (Steele, Lea, Flood: "Fast splittable pseudorandom number generators") whose seed repeats a run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
