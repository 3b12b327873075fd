internal import Synchronization

/// A request on its way. Holding it is not needed for it to go on.
public final class Transfer: Sendable {
    /// Unique in the process; what the log calls it.
    public let id: UInt64
    private let shard: Shard?
    private let isCancelled = Atomic(false)

    init(shard: Shard?) {
        id = Self.lastID.add(1, ordering: .relaxed).newValue
        self.shard = shard
    }

    private static let lastID = Atomic<UInt64>(0)

    /// Removes the transfer from the line: its connection is closed if a body was under way, and its delegate is told
    /// `.cancelled`. From any thread, at any time, any number of times; nothing happens after completion.
    public func cancel() {
        guard !isCancelled.exchange(true, ordering: .relaxed) else { return }
        shard?.cancel(id)
    }
}

/// Who takes a response.
///
/// All calls come in order from one thread, the one that runs the connection, and must not block: every other transfer
/// of that thread waits meanwhile. `HTTPClient.shutdown()` must not be called from here.
public protocol TransferDelegate: AnyObject, Sendable {
    /// The final response's head (never 1xx).
    ///
    /// - Returns: `false` to cancel the transfer.
    func transfer(_ transfer: Transfer, didReceive head: HTTPResponseHead) -> Bool

    /// A piece of the body, at most 16 KiB, valid during the call: the delegate copies it straight to where it belongs.
    func transfer(_ transfer: Transfer, didReceive bytes: UnsafeRawBufferPointer)

    /// The end, exactly once, the last call. Also after `cancel()`, with `.cancelled`.
    func transfer(_ transfer: Transfer, didComplete result: Result<TransferMetrics, HTTPTransportError>)
}

/// What a completed transfer took.
public struct TransferMetrics: Sendable, Equatable {
    /// Bytes of the response's body.
    public var bodyBytes: Int64
    /// From the start, connecting included, to the response's first byte.
    public var timeToFirstByte: Duration
    /// From the start to the end. Waiting for a connection's slot is not counted.
    public var total: Duration
    /// Whether a connection of an earlier transfer was used.
    public var reusedConnection: Bool
    /// The server's (or the proxy's) address, as `ADDRESS:PORT`.
    public var remoteAddress: String?

    /// Creates metrics.
    public init(
        bodyBytes: Int64 = 0,
        timeToFirstByte: Duration = .zero,
        total: Duration = .zero,
        reusedConnection: Bool = false,
        remoteAddress: String? = nil
    ) {
        self.bodyBytes = bodyBytes
        self.timeToFirstByte = timeToFirstByte
        self.total = total
        self.reusedConnection = reusedConnection
        self.remoteAddress = remoteAddress
    }
}
