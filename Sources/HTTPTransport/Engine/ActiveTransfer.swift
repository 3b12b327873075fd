internal import CCurl

/// A transfer in libcurl's hands: what its callbacks do, and what came of it.
///
/// Owned by a shard's thread. libcurl holds an unretained pointer to it while the handle is in the multi handle, and
/// the shard holds the object for as long.
final class ActiveTransfer {
    let transfer: Transfer
    let delegate: any TransferDelegate
    let handle: EasyHandle
    private let request: HTTPRequest
    private let deadlines: HTTPDeadlines
    private let counters: TransferCounters

    private var watch: DeadlineWatch
    private var source: BodySource
    private var parser = HeadParser()
    private var status = 0
    private var headBytes = 0
    private var bodyBytes: Int64 = 0
    /// Servers accept heads of 8 to 64 KiB; one that sends more than this never ends. (libcurl 7.88 has no limit.)
    private static let longestHead = 256 << 10
    /// Why this side broke the transfer off; libcurl only knows that a callback said so.
    private var abortCode: HTTPTransportError.Code?
    private var sendings = 0
    private var wasRestarted = false

    init(
        _ pending: PendingTransfer,
        handle: EasyHandle,
        configuration: HTTPClient.Configuration,
        counters: TransferCounters
    ) {
        transfer = pending.transfer
        delegate = pending.delegate
        request = pending.request
        self.handle = handle
        self.counters = counters
        deadlines = request.deadlines ?? configuration.deadlines
        watch = DeadlineWatch(deadlines, now: .now)
        source = BodySource(request.body)
        handle.configure(for: request, by: configuration, connectTimeout: deadlines.connect)
        install()
    }

    /// When the shard has to look at the deadlines of this transfer.
    var nextCheck: ContinuousClock.Instant { watch.nextCheck }

    /// What is overdue.
    func overdue(now: ContinuousClock.Instant) -> HTTPTransportError.Code? {
        watch.overdue(now: now)
    }

    // MARK: Callbacks

    private func install() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let easy = handle.raw
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_PREREQDATA] {
            handle.set(option, to: context)
        }
        ccurl_easy_set_receive(easy, CURLOPT_WRITEFUNCTION) { bytes, _, count, context in
            ActiveTransfer.with(context) { $0.receivedBody(UnsafeRawBufferPointer(start: bytes, count: count)) }
        }
        ccurl_easy_set_receive(easy, CURLOPT_HEADERFUNCTION) { bytes, _, count, context in
            ActiveTransfer.with(context) { $0.receivedHeader(UnsafeRawBufferPointer(start: bytes, count: count)) }
        }
        ccurl_easy_set_send(easy) { buffer, size, count, context in
            ActiveTransfer.with(context) {
                $0.send(UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
            }
        }
        ccurl_easy_set_seek(easy) { context, offset, origin in
            ActiveTransfer.with(context) { $0.seek(to: offset, from: origin) }
        }
        ccurl_easy_set_prerequest(easy) { context, _, _, _, _ in
            ActiveTransfer.with(context) { $0.connected() }
        }
    }

    /// The object behind a callback's context, without counting references.
    private static func with<Result>(
        _ context: UnsafeMutableRawPointer?,
        _ body: (ActiveTransfer) -> Result
    ) -> Result {
        guard let context else { preconditionFailure("libcurl lost the context of a callback") }
        return Unmanaged<ActiveTransfer>.fromOpaque(context)._withUnsafeGuaranteedRef { body($0) }
    }

    private func receivedBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        watch.moved(bytes.count)
        bodyBytes += Int64(bytes.count)
        counters.received(bytes.count)
        delegate.transfer(transfer, didReceive: bytes)
        return bytes.count
    }

    private func receivedHeader(_ line: UnsafeRawBufferPointer) -> Int {
        if status == 0 {
            watch.responseBegan(now: .now)
        }
        headBytes += line.count
        guard headBytes <= Self.longestHead else {
            abortCode = .protocolViolation
            return 0
        }
        guard let head = parser.take(line) else { return line.count }
        status = head.status
        guard delegate.transfer(transfer, didReceive: head) else {
            abortCode = .cancelled
            return 0
        }
        return line.count
    }

    private func send(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let count = source.read(buffer) else {
            abortCode = .bodyUnreadable
            return Int(CURL_READFUNC_ABORT)
        }
        watch.moved(count)
        counters.sent(count)
        if source.isAtEnd {
            watch.sentBody(now: .now)
        }
        return count
    }

    private func seek(to offset: curl_off_t, from origin: CInt) -> CInt {
        // SEEK_SET is the only origin that libcurl uses.
        guard origin == 0 else { return CInt(CURL_SEEKFUNC_CANTSEEK) }
        source.seek(to: Int64(offset))
        return CInt(CURL_SEEKFUNC_OK)
    }

    /// A connection is there and the request goes out. The second time means that libcurl took a connection from the
    /// pool, that one died without an answer, and libcurl is about to send the request again on another one, whatever
    /// its method. The server may have seen the first one, so only what may be done twice goes on.
    private func connected() -> CInt {
        sendings += 1
        guard sendings == 1 || request.method.isIdempotent else {
            abortCode = .connectionLost
            return CInt(CURL_PREREQFUNC_ABORT)
        }
        watch.connected(sendsBody: request.body.count > 0, now: .now)
        return CInt(CURL_PREREQFUNC_OK)
    }

    // MARK: The end

    /// Prepares another attempt on a fresh connection if a connection of the pool turned out to be dead. libcurl does
    /// this itself when reading fails, not when sending a body does. Once, and only for what may be done twice.
    func restarts(after result: CURLcode) -> Bool {
        guard result == CURLE_SEND_ERROR, !wasRestarted, status == 0, reusedConnection, request.method.isIdempotent
        else {
            return false
        }
        wasRestarted = true
        watch = DeadlineWatch(deadlines, now: .now)
        source.seek(to: 0)
        handle.set(CURLOPT_FRESH_CONNECT, 1)
        return true
    }

    /// What the delegate is told when libcurl is done.
    func outcome(of result: CURLcode) -> Result<TransferMetrics, HTTPTransportError> {
        if result == CURLE_OK {
            guard status != 0 else { return .failure(failure(.protocolViolation, detail: "no status line")) }
            return .success(metrics)
        }
        let code = abortCode ?? FailureCode.code(for: result, isConnected: watch.isConnected)
        return .failure(failure(code, detail: handle.failureText(result)))
    }

    /// What the delegate is told when this side ends the transfer.
    func failure(_ code: HTTPTransportError.Code, detail: String = "") -> HTTPTransportError {
        FailureCode.error(
            code,
            of: request,
            deadlines: deadlines,
            detail: detail,
            mayHaveReachedServer: sendings > 0
        )
    }

    private var reusedConnection: Bool { newConnections == 0 }

    private var newConnections: Int { ccurl_easy_get_long(handle.raw, CURLINFO_NUM_CONNECTS) }

    /// Counts the end. Before the handle is given to the next transfer.
    func count(_ outcome: Result<TransferMetrics, HTTPTransportError>) {
        var failure: HTTPTransportError.Code?
        if case .failure(let error) = outcome { failure = error.code }
        counters.completed(failure, connections: newConnections)
    }

    private var metrics: TransferMetrics {
        let address = ccurl_easy_get_string(handle.raw, CURLINFO_PRIMARY_IP).map { address in
            "\(String(cString: address)):\(ccurl_easy_get_long(handle.raw, CURLINFO_PRIMARY_PORT))"
        }
        return TransferMetrics(
            bodyBytes: bodyBytes,
            timeToFirstByte: .microseconds(ccurl_easy_get_offset(handle.raw, CURLINFO_STARTTRANSFER_TIME_T)),
            total: .microseconds(ccurl_easy_get_offset(handle.raw, CURLINFO_TOTAL_TIME_T)),
            reusedConnection: reusedConnection,
            remoteAddress: address
        )
    }

    /// One line for the log, without secrets.
    func logLine(_ outcome: Result<TransferMetrics, HTTPTransportError>) -> String {
        switch outcome {
        case .success(let metrics):
            """
            \(request): \(status), \(metrics.bodyBytes) bytes, first after \(metrics.timeToFirstByte.milliseconds) ms, \
            \(metrics.total.milliseconds) ms in all, \(metrics.reusedConnection ? "reused" : "new") connection
            """
        case .failure(let error):
            "\(request): \(error.code), \(bodyBytes) bytes; \(error.message)"
        }
    }
}
