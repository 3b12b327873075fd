internal import Logging
internal import Synchronization

extension HTTPClient {
    /// One attempt; the whole body in memory. When the calling task is cancelled the transfer is removed.
    ///
    /// - Parameter limit: The largest body taken, in bytes.
    /// - Throws: `.bodyTooLarge` when the body exceeds the limit, `.cancelled` when the task was cancelled, or what
    ///   befell the transfer. A response with any status is a response.
    public func response(
        to request: HTTPRequest,
        limit: Int = 64 << 20
    ) async throws(HTTPTransportError) -> HTTPResponse {
        let collector = ResponseCollector(request, limit: limit)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                collector.wait(continuation)
                collector.started(start(request, delegate: collector))
            }
        } onCancel: {
            collector.cancel()
        }
        return try result.get()
    }

    /// The same, with further attempts as the policy allows. The last attempt's outcome stands.
    public func response(
        to request: HTTPRequest,
        limit: Int = 64 << 20,
        retrying policy: RetryPolicy
    ) async throws(HTTPTransportError) -> HTTPResponse {
        var generator = SystemRandomNumberGenerator()
        var attempt = 1
        var unanswered = 0
        while true {
            let result = await outcome(of: request, limit: limit)
            let outcome: RetryPolicy.Outcome =
                switch result {
                case .success(let response):
                    .response(status: response.status, retryAfter: RetryAfter.duration(of: response.head))
                case .failure(let error): .failure(error)
                }
            if case .failure(let error) = result, error.code == .firstByteTimedOut { unanswered += 1 }
            guard
                case .retry(let delay) = policy.decision(
                    afterAttempt: attempt,
                    unanswered: unanswered,
                    outcome: outcome,
                    using: &generator
                )
            else { return try result.get() }
            logger.log(
                level: delay < Self.longWait ? .debug : .notice,
                "\(request): attempt \(attempt) failed, another one follows in \(delay.milliseconds) ms"
            )
            do {
                try await Task.sleep(for: delay)
            } catch {
                throw HTTPTransportError(.cancelled, "\(request.method.rawValue) \(request.url.authority): cancelled")
            }
            attempt += 1
            counters.repeated()
        }
    }

    /// A wait that users wonder about.
    private static var longWait: Duration { .seconds(15) }

    private func outcome(of request: HTTPRequest, limit: Int) async -> Result<HTTPResponse, HTTPTransportError> {
        do throws(HTTPTransportError) {
            return .success(try await response(to: request, limit: limit))
        } catch {
            return .failure(error)
        }
    }
}

/// Collects a response in memory for a task that waits.
private final class ResponseCollector: TransferDelegate {
    typealias Continuation = CheckedContinuation<Result<HTTPResponse, HTTPTransportError>, Never>

    private struct State {
        var head: HTTPResponseHead?
        var body: [UInt8] = []
        var isTooLarge = false
        var isCancelled = false
        var transfer: Transfer?
        var continuation: Continuation?
    }

    private let authority: String
    private let method: HTTPMethod
    private let limit: Int
    private let state = Mutex(State())

    init(_ request: HTTPRequest, limit: Int) {
        authority = request.url.authority
        method = request.method
        self.limit = limit
    }

    func wait(_ continuation: Continuation) {
        state.withLock { $0.continuation = continuation }
    }

    /// The task may have been cancelled before there was something to cancel.
    func started(_ transfer: Transfer) {
        let isCancelled = state.withLock { state in
            state.transfer = transfer
            return state.isCancelled
        }
        if isCancelled {
            transfer.cancel()
        }
    }

    func cancel() {
        let transfer = state.withLock { state in
            state.isCancelled = true
            return state.transfer
        }
        transfer?.cancel()
    }

    func transfer(_ transfer: Transfer, didReceive head: HTTPResponseHead) -> Bool {
        state.withLock { state in
            state.head = head
            let announced = head.headers["Content-Length"].flatMap { Int($0) } ?? 0
            state.isTooLarge = announced > limit
            state.body.reserveCapacity(min(announced, limit))
            return !state.isTooLarge
        }
    }

    func transfer(_ transfer: Transfer, didReceive bytes: UnsafeRawBufferPointer) {
        let isTooLarge = state.withLock { state in
            guard !state.isTooLarge, state.body.count + bytes.count <= limit else {
                state.isTooLarge = true
                return true
            }
            state.body.append(contentsOf: bytes)
            return false
        }
        if isTooLarge {
            transfer.cancel()
        }
    }

    func transfer(_ transfer: Transfer, didComplete result: Result<TransferMetrics, HTTPTransportError>) {
        let (state, continuation) = state.withLock { state in
            defer { state = State() }
            return (state, state.continuation)
        }
        continuation?.resume(returning: response(state, result))
    }

    private func response(
        _ state: State,
        _ result: Result<TransferMetrics, HTTPTransportError>
    ) -> Result<HTTPResponse, HTTPTransportError> {
        if state.isTooLarge {
            let text =
                "\(method.rawValue) \(authority): the response has more than the \(limit) bytes that are accepted"
            return .failure(HTTPTransportError(.bodyTooLarge, text, mayHaveReachedServer: true))
        }
        return result.flatMap { _ in
            guard let head = state.head else {
                return .failure(HTTPTransportError(.protocolViolation, "\(method.rawValue) \(authority): no response"))
            }
            return .success(HTTPResponse(head: head, body: state.body))
        }
    }
}
