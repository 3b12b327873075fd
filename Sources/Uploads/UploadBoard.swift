internal import Synchronization

/// The files in flight, and those who wait for there to be none.
final class UploadBoard: Sendable {
    private struct State {
        var uploads: [UInt64: UploadActivity] = [:]
        var nextNumber: UInt64 = 0
        var statistics = UploadStatistics()
        var line = WaitingLine<Bool>()
    }

    private let state = Mutex(State())

    /// The files in flight, oldest first.
    var activity: [UploadActivity] {
        state.withLock { state in
            state.uploads.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Enters a file; the number stands for it.
    func enter(_ activity: UploadActivity) -> UInt64 {
        state.withLock { state in
            state.nextNumber += 1
            state.uploads[state.nextNumber] = activity
            state.uploads[state.nextNumber]?.number = state.nextNumber
            return state.nextNumber
        }
    }

    /// Notes how far a file is.
    func update(_ number: UInt64, bytesSent: Int64, of bytesTotal: Int64) {
        state.withLock { state in
            // The first report says what an earlier attempt has sent, and is no progress.
            if let old = state.uploads[number], old.hasReported, bytesSent > old.bytesSent {
                state.statistics.sentBytes += UInt64(bytesSent - old.bytesSent)
            }
            state.uploads[number]?.hasReported = true
            state.uploads[number]?.bytesSent = bytesSent
            state.uploads[number]?.bytesTotal = bytesTotal
        }
    }

    /// How the files ended until now, and what was sent of them.
    var statistics: UploadStatistics { state.withLock { $0.statistics } }

    /// How a file's upload ended.
    enum End {
        case done, failed, cancelled
    }

    /// A file has ended.
    func leave(_ number: UInt64, _ end: End) {
        let waiters = state.withLock { state in
            switch end {
            case .done:
                state.statistics.done += 1
                // A file of one request counts only now.
                let left = state.uploads[number].map { $0.bytesTotal - $0.bytesSent } ?? 0
                state.statistics.sentBytes += UInt64(max(0, left))
            case .failed: state.statistics.failed += 1
            case .cancelled: state.statistics.cancelled += 1
            }
            state.uploads[number] = nil
            return state.uploads.isEmpty ? state.line.removeAll() : []
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    /// Waits until no file is in flight.
    ///
    /// - Returns: `false` when the task was cancelled before that.
    func waitUntilEmpty() async -> Bool {
        let ticket = WaitingLine<Bool>.Ticket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.uploads.isEmpty { return true }
                    // As in `FairSemaphore`: the flag is set before the handler looks for the waiter.
                    if Task.isCancelled { return false }
                    state.line.append(continuation, ticket: ticket)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.line.remove(ticket) }?.resume(returning: false)
        }
    }
}
