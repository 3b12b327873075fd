internal import CLinux
internal import Glibc
internal import Synchronization
package import SystemPackage

/// A thread of the operating system, for what blocks: Swift's cooperative pool has as many threads as the machine has
/// cores, and none to spare.
///
/// Nobody has to join it; it goes on by itself when the object goes away. Signals that are sent to the process belong to
/// other threads.
package final class DedicatedThread: Sendable {
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
    /// - Parameter name: At most 15 bytes, for `top -H` and debuggers.
    /// - Throws: What pthread_create(3) says, `EAGAIN` when there may be no more threads.
    @discardableResult
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, DedicatedThread.run, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw Errno(rawValue: status)
        }
        self.thread = Mutex(thread)
    }

    deinit {
        thread.withLock { thread in
            if let thread {
                pthread_detach(thread)
            }
        }
    }

    /// Waits until the thread's work is done; not on the thread itself, and not when somebody else waits already.
    package func join() {
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let thread else { return }
        if pthread_equal(thread, pthread_self()) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }

    private static let run: @convention(c) @Sendable (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        context in
        guard let context else { return nil }
        let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        blockSignals()
        _ = CLinux_setThreadName(start.name)
        start.body()
        return nil
    }

    /// SIGPIPE is blocked too: OpenSSL writes to sockets that the server may have closed. Signals of faults are not, for
    /// they end the process with a backtrace; threads of the cooperative pool, which may have started this one, block them.
    private static func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] {
            sigdelset(&signals, fault)
        }
        pthread_sigmask(SIG_SETMASK, &signals, nil)
    }
}
