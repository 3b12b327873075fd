import Synchronization

/// What the threads of a prefetch know together, and its terminal looks at.
final class PrefetchBoard: Sendable {
    private struct State {
        var snapshot = PrefetchSnapshot()
        var report = PrefetchReport()
        var messages: [String] = []
        var began: ContinuousClock.Instant?
        var outcome: Result<PrefetchReport, CommandFailure>?
    }

    private let state = Mutex(State())

    /// How far it is.
    var progress: PrefetchSnapshot { state.withLock { $0.snapshot } }

    /// What came of it, once it is over.
    var outcome: Result<PrefetchReport, CommandFailure>? { state.withLock { $0.outcome } }

    /// The lines to be told since they were last taken.
    func takeMessages() -> [String] {
        state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }

    /// What there is when it is interrupted now; `nil` before reading began.
    func interruptedReport() -> PrefetchReport? {
        state.withLock { state in
            guard state.began != nil else { return nil }
            var report = state.report
            report.complete = false
            report.bytesCached += report.bytesRead
            report.seconds = Self.seconds(since: state.began)
            return report
        }
    }

    // MARK: What the threads tell

    /// Tells a line.
    func tell(_ message: String) {
        state.withLock { $0.messages.append(message.printable) }
    }

    /// Something could not be had.
    func fail(_ path: String, _ problem: String) {
        tell("\(path): \(problem)")
        state.withLock { $0.report.failures.append(PrefetchReport.Failure(path: path, problem: problem)) }
    }

    /// A file was found.
    func found(bytes: Int64) {
        state.withLock { state in
            state.snapshot.files += 1
            state.snapshot.bytes += bytes
            state.report.files += 1
            state.report.bytes += bytes
        }
    }

    /// All is found, and this is what is missing of it: reading begins.
    func begin(files: Int, bytes: Int64) {
        state.withLock { state in
            state.snapshot = PrefetchSnapshot(isLooking: false, files: files, bytes: bytes)
            state.report.filesBefore = state.report.files - files
            state.report.filesCached = state.report.filesBefore
            state.report.bytesCached = state.report.bytes - bytes
            state.report.bytesBefore = state.report.bytesCached
            state.began = .now
        }
    }

    /// Bytes were read.
    func read(_ count: Int64) {
        state.withLock { state in
            state.snapshot.bytesDone += count
            state.report.bytesRead += count
        }
    }

    /// A file is read, or given up.
    func done(isWhole: Bool) {
        state.withLock { state in
            state.snapshot.filesDone += 1
            if isWhole { state.report.filesCached += 1 }
        }
    }

    /// It is all read.
    func stopClock() {
        state.withLock { $0.report.seconds = Self.seconds(since: $0.began) }
    }

    /// It is over.
    ///
    /// - Parameter lost: Files and bytes of what was read that are not in the cache after all.
    func end(lost: (files: Int, bytes: Int64)) {
        state.withLock { state in
            state.report.filesCached -= lost.files
            state.report.bytesCached = max(0, state.report.bytesCached + state.report.bytesRead - lost.bytes)
            state.outcome = .success(state.report)
        }
    }

    /// It can't be done.
    func refuse(_ failure: CommandFailure) {
        state.withLock { $0.outcome = .failure(failure) }
    }

    private static func seconds(since moment: ContinuousClock.Instant?) -> Double {
        guard let moment else { return 0 }
        return ((moment.duration(to: .now) / .seconds(1)) * 1000).rounded() / 1000
    }
}
