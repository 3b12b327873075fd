internal import CCurl
internal import DequeModule
internal import Logging

/// What a shard's thread does: take the inbox, give libcurl what may run, let it work, report what is done, check the
/// deadlines, and sleep until a socket is ready, somebody wakes it up, or a deadline is near.
///
/// All state is the thread's own; nothing here needs a lock.
final class ShardLoop {
    private let shard: Shard
    private let multi: MultiHandle
    private let slots: Int
    private let configuration: HTTPClient.Configuration
    private let counters: TransferCounters

    private var waiting: Deque<PendingTransfer> = []
    private var active: [UnsafeMutableRawPointer: ActiveTransfer] = [:]
    private var idleHandles: [EasyHandle] = []

    init(
        shard: Shard,
        multi: MultiHandle,
        slots: Int,
        configuration: HTTPClient.Configuration,
        counters: TransferCounters
    ) {
        self.shard = shard
        self.multi = multi
        self.slots = slots
        self.configuration = configuration
        self.counters = counters
    }

    func run() {
        while true {
            let inbox = shard.takeInbox()
            waiting.append(contentsOf: inbox.starting)
            inbox.cancelled.forEach(cancel)
            if inbox.isStopping {
                endAll()
                shard.close()
                return
            }
            admit()
            var running: CInt = 0
            curl_multi_perform(multi.raw, &running)
            let completedSome = reportCompleted()
            let endedSome = endOverdue()
            // A free slot is used at once.
            if waiting.isEmpty || !(completedSome || endedSome) {
                sleep()
            }
        }
    }

    /// Starts waiting transfers while there are slots.
    private func admit() {
        while active.count < slots, let pending = waiting.popFirst() {
            if let fault = fault(of: pending.request) {
                let error = FailureCode.error(
                    .invalidRequest,
                    of: pending.request,
                    deadlines: configuration.deadlines,
                    detail: fault,
                    mayHaveReachedServer: false
                )
                complete(pending, .failure(error))
                continue
            }
            guard let handle = idleHandles.popLast() ?? EasyHandle() else {
                preconditionFailure("libcurl has no memory for a transfer")
            }
            let transfer = ActiveTransfer(pending, handle: handle, configuration: configuration, counters: counters)
            active[handle.raw] = transfer
            curl_multi_add_handle(multi.raw, handle.raw)
        }
    }

    private func fault(of request: HTTPRequest) -> String? {
        if request.range?.isEmpty == true { return "an empty range can't be asked for" }
        return request.headers.fault
    }

    /// Tells delegates of what libcurl has completed.
    private func reportCompleted() -> Bool {
        var any = false
        var remaining: CInt = 0
        while let message = curl_multi_info_read(multi.raw, &remaining) {
            // The message is gone with the next call to libcurl.
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let result = message.pointee.data.result
            guard let transfer = active[easy] else { continue }
            if transfer.restarts(after: result) {
                counters.repeated()
                curl_multi_remove_handle(multi.raw, easy)
                curl_multi_add_handle(multi.raw, easy)
                continue
            }
            let outcome = transfer.outcome(of: result)
            transfer.count(outcome)
            remove(transfer)
            complete(transfer, outcome)
            any = true
        }
        return any
    }

    /// Ends transfers that are past a deadline.
    private func endOverdue() -> Bool {
        let now = ContinuousClock.now
        var ended: [(ActiveTransfer, HTTPTransportError.Code)] = []
        for transfer in active.values {
            if let code = transfer.overdue(now: now) {
                ended.append((transfer, code))
            }
        }
        for (transfer, code) in ended {
            end(transfer, code)
        }
        return !ended.isEmpty
    }

    /// Sleeps; libcurl's own timers shorten it.
    private func sleep() {
        let next = active.values.lazy.map(\.nextCheck).min()
        // Without transfers only a wake-up matters. Rounded up, so that the deadline is over when the thread wakes up.
        let timeout = next.map { max(0, (ContinuousClock.now.duration(to: $0)).milliseconds + 1) } ?? 60_000
        curl_multi_poll(multi.raw, nil, 0, CInt(clamping: min(timeout, 60_000)), nil)
    }

    private func cancel(_ id: UInt64) {
        if let index = waiting.firstIndex(where: { $0.transfer.id == id }) {
            let pending = waiting.remove(at: index)
            complete(pending, .failure(ownError(.cancelled, of: pending.request)))
        } else if let transfer = active.values.first(where: { $0.transfer.id == id }) {
            end(transfer, .cancelled)
        }
    }

    private func endAll() {
        while let pending = waiting.popFirst() {
            complete(pending, .failure(ownError(.shutDown, of: pending.request)))
        }
        for transfer in Array(active.values) {
            end(transfer, .shutDown)
        }
        idleHandles = []
    }

    private func end(_ transfer: ActiveTransfer, _ code: HTTPTransportError.Code) {
        let error = transfer.failure(code)
        transfer.count(.failure(error))
        remove(transfer)
        complete(transfer, .failure(error))
    }

    private func ownError(_ code: HTTPTransportError.Code, of request: HTTPRequest) -> HTTPTransportError {
        FailureCode.error(
            code,
            of: request,
            deadlines: configuration.deadlines,
            detail: "",
            mayHaveReachedServer: false
        )
    }

    /// Takes a transfer out of libcurl, which closes its connection unless the response was read to its end.
    private func remove(_ transfer: ActiveTransfer) {
        let handle = transfer.handle
        curl_multi_remove_handle(multi.raw, handle.raw)
        active[handle.raw] = nil
        handle.reset()
        if idleHandles.count < slots {
            idleHandles.append(handle)
        }
    }

    private func complete(_ transfer: ActiveTransfer, _ outcome: Result<TransferMetrics, HTTPTransportError>) {
        if configuration.logger.logLevel <= .debug {
            configuration.logger.debug("\(transfer.logLine(outcome))")
        }
        shard.completedOne()
        transfer.delegate.transfer(transfer.transfer, didComplete: outcome)
    }

    private func complete(_ pending: PendingTransfer, _ outcome: Result<TransferMetrics, HTTPTransportError>) {
        if case .failure(let error) = outcome { counters.completed(error.code, connections: 0) }
        shard.completedOne()
        pending.delegate.transfer(pending.transfer, didComplete: outcome)
    }
}
