internal import Synchronization

/// What a client has done since it was made. All but `underWay` only grow.
public struct HTTPStatistics: Sendable, Equatable {
    /// Requests that have ended, each repetition counted.
    public var requests: UInt64 = 0
    /// Requests among them, or still under way, that repeat an earlier one: by a policy, or because a connection of the
    /// pool was dead. What a delegate repeats is its own affair and counts as a request.
    public var retries: UInt64 = 0
    /// Bytes of responses' bodies, as they were handed on (after decompression).
    public var receivedBytes: UInt64 = 0
    /// Bytes of requests' bodies that were given to connections, repeated ones included.
    public var sentBytes: UInt64 = 0
    /// Connections that were made.
    public var connections: UInt64 = 0
    /// Requests without a complete response, by the reason; those that were cancelled are among them.
    public var failures: [HTTPTransportError.Code: UInt64] = [:]
    /// Requests that wait or run at this moment.
    public var underWay = 0

    /// Nothing yet.
    public init() {}

    /// Requests that failed although nobody had ended them.
    public var errors: UInt64 {
        failures.reduce(0) { $0 + ([.cancelled, .shutDown].contains($1.key) ? 0 : $1.value) }
    }
}

/// Counts for `HTTPStatistics`. The bytes, which come often, take no lock.
final class TransferCounters: Sendable {
    private let received = Atomic<UInt64>(0)
    private let sent = Atomic<UInt64>(0)
    private let ended = Mutex(HTTPStatistics())

    func received(_ bytes: Int) {
        received.add(UInt64(bytes), ordering: .relaxed)
    }

    func sent(_ bytes: Int) {
        sent.add(UInt64(bytes), ordering: .relaxed)
    }

    func repeated() {
        ended.withLock { $0.retries += 1 }
    }

    /// A request has ended.
    ///
    /// - Parameter connections: How many were made for it.
    func completed(_ failure: HTTPTransportError.Code?, connections: Int) {
        ended.withLock { statistics in
            statistics.requests += 1
            statistics.connections += UInt64(max(0, connections))
            if let failure { statistics.failures[failure, default: 0] += 1 }
        }
    }

    var statistics: HTTPStatistics {
        var statistics = ended.withLock { $0 }
        statistics.receivedBytes = received.load(ordering: .relaxed)
        statistics.sentBytes = sent.load(ordering: .relaxed)
        return statistics
    }
}
