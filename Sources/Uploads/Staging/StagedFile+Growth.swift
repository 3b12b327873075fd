internal import Synchronization

/// Waiting for a writer: what a streaming upload does between two parts.
extension StagedFile {
    /// Waits until the file is written up to `end` without a gap, or is sealed, or is shorter than `floor` (bytes).
    ///
    /// - Returns: `false` when the task was cancelled before that.
    func waitForGrowth(to end: Int64, orShorterThan floor: Int64) async -> Bool {
        let ticket = GrowthWatchers.Ticket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    // As in `FairSemaphore`: the flag is set before the handler looks for the watcher.
                    if Task.isCancelled { return false }
                    let watcher = GrowthWatchers.Watcher(
                        ticket: ticket,
                        end: end,
                        floor: floor,
                        continuation: continuation
                    )
                    if watcher.isReached(by: state.contents) { return true }
                    state.watchers.add(watcher)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.watchers.remove(ticket) }?.resume(returning: false)
        }
    }
}

/// Who waits for a file to grow. The owner guards it with its lock and resumes what it takes out after unlocking.
struct GrowthWatchers: Sendable {
    /// Identifies one watcher.
    final class Ticket: Sendable {}

    struct Watcher: Sendable {
        let ticket: Ticket
        let end: Int64
        let floor: Int64
        let continuation: CheckedContinuation<Bool, Never>

        func isReached(by file: StagedContents) -> Bool {
            file.isSealed || file.frontier >= end || file.size < floor
        }
    }

    private var watchers: [Watcher] = []

    /// How many there are.
    var count: Int { watchers.count }

    mutating func add(_ watcher: Watcher) {
        watchers.append(watcher)
    }

    /// Takes out one watcher; `nil` when it left already.
    mutating func remove(_ ticket: Ticket) -> CheckedContinuation<Bool, Never>? {
        guard let index = watchers.firstIndex(where: { $0.ticket === ticket }) else { return nil }
        return watchers.remove(at: index).continuation
    }

    /// Takes out those whose time has come. Called with each write, so it allocates nothing when there are none.
    mutating func takeReached(by file: StagedContents) -> [CheckedContinuation<Bool, Never>] {
        guard watchers.contains(where: { $0.isReached(by: file) }) else { return [] }
        let reached = watchers.filter { $0.isReached(by: file) }
        watchers.removeAll { $0.isReached(by: file) }
        return reached.map(\.continuation)
    }
}
