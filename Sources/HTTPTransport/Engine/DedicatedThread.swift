internal import Glibc
internal import Synchronization

/// A thread of our own, for work that blocks: Swift's pool has no thread to spare.
final class DedicatedThread: Sendable {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// The thread until somebody joined it.
    private let thread: Mutex<pthread_t?>

    /// Starts a thread.
    ///
    /// - Parameter name: At most 15 characters, for `top -H` and debuggers.
    init(name: String, body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, DedicatedThread.run, start.toOpaque())
        precondition(status == 0, "no thread can be started: error \(status)")
        self.thread = Mutex(thread)
    }

    deinit {
        thread.withLock { thread in
            if let thread {
                pthread_detach(thread)
            }
        }
    }

    /// Waits until the thread's work is done. Others that join meanwhile return at once.
    func join() {
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let thread {
            pthread_join(thread, nil)
        }
    }

    private static let run: @convention(c) @Sendable (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        context in
        guard let context else { return nil }
        let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        blockSignals()
        setName(start.name)
        start.body()
        return nil
    }

    /// `pthread_setname_np` is hidden from Swift (it needs `_GNU_SOURCE`); this is what it does.
    private static func setName(_ name: String) {
        let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = write(descriptor, name, name.utf8.count)
        close(descriptor)
    }

    /// Signals that are sent to the process belong to its main thread. SIGPIPE is blocked too: OpenSSL writes to
    /// sockets that the server may have closed. Signals of faults stay, for they end the process with a backtrace.
    private static func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] {
            sigdelset(&signals, fault)
        }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
