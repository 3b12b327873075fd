import Glibc
import Synchronization

/// Ctrl-C and its like in a command that waits for a person or a server: it ends at once, but never in the middle of what
/// has to be done as a whole, and the terminal is left as it was.
final class Interruption: Sendable {
    /// What has to be put back before the end; the lock is held while something is done as a whole.
    private let cleanUp = Mutex<(@Sendable () -> Void)?>(nil)
    private static let signals = Signals([SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    private static let stop = Signals([SIGTSTP])

    /// Takes over the signals. Called before other threads start.
    init() {
        Self.signals.block()
        // The kernel gives Ctrl-Z to any thread that lets it through. The one that started this one decides about it.
        Self.stop.block()
        defer { Self.stop.unblock() }
        Threads.start("signals") { [self] in
            let signal = Self.signals.wait().signal
            cleanUp.withLock { cleanUp in
                cleanUp?()
                StandardError.print("basespacefs: interrupted")
                exit(ExitStatus.endedBy(signal: signal).rawValue)
            }
        }
    }

    /// Does something as a whole: a signal that comes meanwhile has to wait.
    func holdingOff<Value: Sendable, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try cleanUp.withLock { _ throws(Failure) in try body() }
    }

    /// Does something that a signal may end, and then something as a whole. When a signal comes before that, or when one
    /// of the two fails, `undo` is called, once.
    func undoing<Value, Failure: Error>(
        _ undo: @escaping @Sendable () -> Void,
        _ make: () throws(Failure) -> Value,
        puttingAway putAway: (Value) throws(Failure) -> Void
    ) throws(Failure) -> Value {
        cleanUp.withLock { $0 = undo }
        do throws(Failure) {
            let value = try make()
            try cleanUp.withLock { cleanUp throws(Failure) in
                try putAway(value)
                cleanUp = nil
            }
            return value
        } catch {
            cleanUp.withLock { cleanUp in
                cleanUp?()
                cleanUp = nil
            }
            throw error
        }
    }

    /// Does something that a signal may end, after which `restore` is called, once in any case.
    func restoring<Value, Failure: Error>(
        _ restore: @escaping @Sendable () -> Void,
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        cleanUp.withLock { $0 = restore }
        defer {
            cleanUp.withLock { cleanUp in
                cleanUp?()
                cleanUp = nil
            }
        }
        return try body()
    }
}
