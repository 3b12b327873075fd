import CFUSE
import Glibc
import Synchronization
import SystemPackage

/// Tells serving threads to stop, also those that wait for a request which never comes: an eventfd that is written
/// once and never read, so that it wakes every thread that waits for it.
final class StopSignal: Sendable {
    private let event: CInt
    private let sent = Atomic(false)

    init() throws(Errno) {
        event = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard event >= 0 else { throw Errno(rawValue: errno) }
    }

    deinit {
        close(event)
    }

    var isSent: Bool { sent.load(ordering: .acquiring) }

    func send() {
        sent.store(true, ordering: .releasing)
        eventfd_write(event, 1)
    }

    /// A thread's way of waiting for the device or the signal.
    ///
    /// Each thread has its own epoll instance, which waits exclusively: a request wakes one thread, not all.
    struct Waiter: ~Copyable {
        private let epoll: CInt

        init(device: CInt, signal: StopSignal) throws(Errno) {
            epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
            guard epoll >= 0 else { throw Errno(rawValue: errno) }
            var requests = epoll_event()
            requests.events = EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue
            var stop = epoll_event()
            stop.events = EPOLLIN.rawValue
            guard
                epoll_ctl(epoll, EPOLL_CTL_ADD, device, &requests) == 0,
                epoll_ctl(epoll, EPOLL_CTL_ADD, signal.event, &stop) == 0
            else {
                let failure = errno
                close(epoll)
                throw Errno(rawValue: failure)
            }
        }

        deinit {
            close(epoll)
        }

        /// Returns when a request may be waiting, the mount has ended or the signal was sent.
        func wait() {
            var event = epoll_event()
            epoll_wait(epoll, &event, 1, -1)
        }
    }
}
