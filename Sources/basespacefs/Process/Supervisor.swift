import CLinux
import Glibc

/// Waits for children and for the signals that ask this process to end, in one place and without losing either.
///
/// It works in a process of one thread: SIGCHLD is blocked from `init` on and so stays pending until `wait` looks.
struct Supervisor {
    private let signals = Signals([SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT])

    /// What ended a wait.
    enum Event {
        /// The child ended.
        case ended(ChildProcess.Termination)
        /// Somebody wants this process to end.
        case signal(Signals.Delivery)
    }

    /// Takes over the signals. Children are started after this.
    init() {
        // Where SIGCHLD is ignored, a child's status is thrown away with it.
        Glibc.signal(SIGCHLD, SIG_DFL)
        signals.block()
    }

    /// Waits until the child has ended or a signal has come.
    func wait(for child: ChildProcess) -> Event {
        while true {
            if let termination = child.poll() { return .ended(termination) }
            let delivery = signals.wait()
            if delivery.signal != SIGCHLD { return .signal(delivery) }
        }
    }

    /// The same; `look` is called several times a second meanwhile.
    func wait(for child: ChildProcess, looking look: () -> Void) -> Event {
        while true {
            if let termination = child.poll() { return .ended(termination) }
            look()
            if let delivery = signals.wait(atMost: Self.interval), delivery.signal != SIGCHLD {
                return .signal(delivery)
            }
        }
    }

    /// Time between two looks. Nobody notices a tenth of a second.
    private static let interval = CLinux_interval(0, 100_000_000)

    /// A signal that has come and asks for the end; `nil` when there is none. Does not wait.
    func pendingSignal() -> CInt? {
        while let delivery = signals.takePending() {
            if delivery.signal != SIGCHLD { return delivery.signal }
        }
        return nil
    }

    /// Waits for the child's end. The first signal is passed on to it, each later one too.
    func waitPassingSignals(to child: ChildProcess) -> ChildProcess.Termination {
        while true {
            switch wait(for: child) {
            case .ended(let termination): return termination
            // What the terminal sends has reached the child already: it is in the foreground as well.
            case .signal(let delivery) where delivery.isFromTerminal: break
            case .signal(let delivery): child.send(delivery.signal)
            }
        }
    }
}
