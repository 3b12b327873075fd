import CLinux
import Glibc

/// Signals that are taken by waiting for them instead of by handlers.
///
/// A set is blocked in the thread that calls `block` and in all threads that start after, which is why commands call
/// it first. A blocked signal stays pending until `wait` takes it, so none is lost between two waits.
struct Signals {
    private var set = sigset_t()

    /// A set of signals.
    init(_ signals: [CInt]) {
        sigemptyset(&set)
        for signal in signals {
            sigaddset(&set, signal)
        }
    }

    /// A signal that has been taken.
    struct Delivery {
        /// Its number.
        var signal: CInt
        /// The terminal sent it (Ctrl-C), and so to every process in the foreground.
        var isFromTerminal: Bool
    }

    /// Blocks the set in this thread and in those it starts from now on.
    func block() {
        withUnsafePointer(to: set) { _ = pthread_sigmask(SIG_BLOCK, $0, nil) }
    }

    /// Waits for one of the set.
    func wait() -> Delivery {
        while true {
            var info = siginfo_t()
            let signal = withUnsafePointer(to: set) { sigwaitinfo($0, &info) }
            if signal > 0 {
                return Delivery(signal: signal, isFromTerminal: info.si_code == SI_KERNEL)
            }
        }
    }

    /// Takes one of the set that is pending; `nil` when none is.
    func takePending() -> Delivery? {
        wait(atMost: CLinux_interval(0, 0))
    }

    /// Waits for one of the set; `nil` when none has come in this time.
    func wait(atMost interval: timespec) -> Delivery? {
        var info = siginfo_t()
        var interval = interval
        let signal = withUnsafePointer(to: set) { sigtimedwait($0, &info, &interval) }
        return signal > 0 ? Delivery(signal: signal, isFromTerminal: info.si_code == SI_KERNEL) : nil
    }
}
