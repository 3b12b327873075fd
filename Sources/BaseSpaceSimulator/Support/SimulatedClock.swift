import Synchronization
import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The clock of one simulator: the host's time plus what tests have added to it.
///
/// Sessions time out and signed URLs expire by this clock, so that a test needs no patience.
final class SimulatedClock: Sendable {
    private let advanced = Mutex<Duration>(.zero)

    /// The time now.
    var now: ServiceDate {
        var host = timespec()
        clock_gettime(CLOCK_REALTIME, &host)
        return ServiceDate(seconds: Int64(host.tv_sec), nanoseconds: Int64(host.tv_nsec)) + advanced.withLock { $0 }
    }

    /// Moves the clock; it never goes backwards for a positive duration.
    func advance(by duration: Duration) {
        advanced.withLock { $0 += duration }
    }
}
