internal import CCurl
internal import Synchronization
internal import Threading

/// A request that waits for its slot.
struct PendingTransfer: Sendable {
    let request: HTTPRequest
    let transfer: Transfer
    let delegate: any TransferDelegate
}

/// A thread with its multi handle, as seen from other threads: an inbox and a way to wake the thread up.
///
/// The inbox's lock also keeps the multi handle open for the wake-up, which is one write to an eventfd and the only call
/// made while it is held.
final class Shard: Sendable {
    /// What other threads want.
    struct Inbox {
        var starting: [PendingTransfer] = []
        var cancelled: [UInt64] = []
        var isStopping = false
        /// The multi handle is gone.
        var isClosed = false
    }

    private let inbox = Mutex(Inbox())
    private let transfers = Atomic(0)
    private let multi: MultiHandle
    private let thread = Mutex<DedicatedThread?>(nil)

    init(index: Int, slots: Int, configuration: HTTPClient.Configuration, counters: TransferCounters) {
        multi = MultiHandle(slots: slots)
        do {
            let thread = try DedicatedThread(name: "http-\(index)") { [self, multi] in
                ShardLoop(shard: self, multi: multi, slots: slots, configuration: configuration, counters: counters)
                    .run()
            }
            self.thread.withLock { $0 = thread }
        } catch {
            preconditionFailure("no thread can be started: \(error)")
        }
    }

    /// Transfers that are waiting or running here.
    var load: Int { transfers.load(ordering: .relaxed) }

    func start(_ request: HTTPRequest, transfer: Transfer, delegate: any TransferDelegate) {
        let isAccepted = inbox.withLock { inbox in
            guard !inbox.isStopping else { return false }
            transfers.add(1, ordering: .relaxed)
            inbox.starting.append(PendingTransfer(request: request, transfer: transfer, delegate: delegate))
            multi.wakeUp()
            return true
        }
        guard isAccepted else {
            let error = HTTPTransportError(.shutDown, "\(request.method.rawValue) \(request.url.authority): shut down")
            delegate.transfer(transfer, didComplete: .failure(error))
            return
        }
    }

    func cancel(_ id: UInt64) {
        inbox.withLock { inbox in
            guard !inbox.isClosed else { return }
            inbox.cancelled.append(id)
            multi.wakeUp()
        }
    }

    /// Tells the thread to end all transfers and itself.
    func stop() {
        inbox.withLock { inbox in
            guard !inbox.isClosed else { return }
            inbox.isStopping = true
            multi.wakeUp()
        }
    }

    /// Waits for the thread.
    func join() {
        thread.withLock { $0 }?.join()
    }

    /// What has come since the last call. For the shard's thread.
    func takeInbox() -> Inbox {
        inbox.withLock { inbox in
            let taken = inbox
            inbox = Inbox(isStopping: taken.isStopping)
            return taken
        }
    }

    /// Closes the connections. The shard's thread does this last.
    func close() {
        inbox.withLock { $0.isClosed = true }
        multi.close()
    }

    /// A transfer's delegate was told of its end. For the shard's thread.
    func completedOne() {
        transfers.subtract(1, ordering: .relaxed)
    }
}

/// libcurl's multi handle.
///
/// `@unchecked Sendable`: `wakeUp` is the one call that libcurl allows on other threads, and the shard's lock sees to it
/// that none comes after `close`; everything else is done by the shard's thread.
final class MultiHandle: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer

    init(slots: Int) {
        guard let raw = curl_multi_init() else { preconditionFailure("libcurl has no memory for a multi handle") }
        self.raw = raw
        ccurl_multi_set_long(raw, CURLMOPT_MAX_TOTAL_CONNECTIONS, slots)
        // Idle connections are kept for as many transfers as may run; the default depends on the transfers of the day.
        ccurl_multi_set_long(raw, CURLMOPT_MAXCONNECTS, slots)
        ccurl_multi_set_long(raw, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    }

    func close() {
        curl_multi_cleanup(raw)
    }

    func wakeUp() {
        curl_multi_wakeup(raw)
    }
}
