import Logging
import Synchronization
import Threading

/// Sends invalidations to the kernel, on a thread of its own.
///
/// The kernel may have to wait for the lock of a directory to take one, and who holds that lock may be a program that
/// waits for an answer of ours; the same goes for the pages of a file that is being read. So neither a serving thread
/// nor one that computes an answer may send it. What is queued twice is sent once: a sending that has not begun covers
/// both.
final class NotificationQueue: Sendable {
    enum Notification: Hashable, Sendable {
        case entry(name: String, parent: UInt64)
        /// A name that is to be asked for again, whatever stands there.
        case expiredEntry(name: String, parent: UInt64)
        case inode(UInt64)
        /// The pages of an inode that is not open.
        case pages(UInt64)
    }

    private struct State {
        /// In the order in which they came.
        var waiting: [Notification] = []
        var known: Set<Notification> = []
        /// Who wants to know when what waits, and what is being sent, has been sent.
        var observers: [@Sendable () -> Void] = []
        var isEnded = false
        /// The thread exists only while there is something to send.
        var isSending = false

        mutating func takeObservers() -> [@Sendable () -> Void] {
            defer { observers = [] }
            return observers
        }
    }

    private let state = Mutex(State())
    private let connection: KernelConnection

    init(connection: KernelConnection) {
        self.connection = connection
    }

    /// Queues a notification; after the end of the mount it is dropped.
    func add(_ notification: Notification) {
        let starts = state.withLock { state in
            guard !state.isEnded, state.known.insert(notification).inserted else { return false }
            state.waiting.append(notification)
            defer { state.isSending = true }
            return !state.isSending
        }
        guard starts else { return }
        do {
            try DedicatedThread(name: "fuse-notify") { self.sendAll() }
        } catch {
            // The kernel keeps what it knows until its lifetime is over; the next notification tries again.
            connection.logger.warning("No thread to tell the kernel of a change: \(error)")
            let observers = state.withLock { state in
                state.isSending = false
                return state.takeObservers()
            }
            observers.forEach { $0() }
        }
    }

    /// Calls `body` when everything that was queued before has been sent, or will not be any more.
    func whenSent(_ body: @escaping @Sendable () -> Void) {
        let waits = state.withLock { state in
            guard !state.isEnded, state.isSending else { return false }
            state.observers.append(body)
            return true
        }
        if !waits {
            body()
        }
    }

    /// Drops what is queued. A notification that waits in the kernel ends when the mount is disconnected.
    func end() {
        let observers = state.withLock { state in
            state.isEnded = true
            state.waiting = []
            state.known = []
            return state.takeObservers()
        }
        observers.forEach { $0() }
    }

    private func sendAll() {
        while let (batch, observers) = next() {
            for notification in batch {
                send(notification)
            }
            observers.forEach { $0() }
        }
    }

    private func next() -> ([Notification], [@Sendable () -> Void])? {
        state.withLock { state in
            guard !state.waiting.isEmpty || !state.observers.isEmpty else {
                state.isSending = false
                return nil
            }
            defer {
                state.waiting = []
                state.known = []
            }
            return (state.waiting, state.takeObservers())
        }
    }

    private func send(_ notification: Notification) {
        guard !state.withLock({ $0.isEnded }) else { return }
        switch notification {
        case .entry(let name, let parent): connection.notifyInvalidEntry(name, in: parent)
        case .expiredEntry(let name, let parent): connection.notifyExpiredEntry(name, in: parent)
        case .inode(let inode): connection.notifyInvalidInode(inode)
        case .pages(let inode): connection.dropPages(ofClosed: inode)
        }
    }
}
