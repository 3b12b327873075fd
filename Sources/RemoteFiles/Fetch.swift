internal import BaseSpaceAPI
internal import HTTPTransport
internal import Logging
internal import Synchronization

/// What a fetch reports to.
protocol FetchObserver: AnyObject, Sendable {
    /// Bytes up to the position `end` of the file are in the buffer.
    func fetch(_ fetch: Fetch, hasLandedUpTo end: Int64)
    /// The fetch is over. Called once, last.
    func fetch(_ fetch: Fetch, didEndWith result: Result<Void, RemoteReadError>)
}

/// A range of a file on its way into its buffer: performs what ``FetchMachine`` decides.
///
/// Bytes go from libcurl's buffer straight to their place. They are announced per block and not per callback of 16 KiB:
/// that is what readers ask for, and each announcement takes the reader's lock.
final class Fetch: TransferDelegate {
    private struct State {
        var machine: FetchMachine
        /// Counts the transfers, so that a late answer of one is not taken for the next one's.
        var attempt = 0
        var transfer: Transfer?
        var url: HTTPURL?
        var announced: Int64 = 0
        /// Let go of at the end: the transport may hold its delegate for as long as it sleeps.
        var buffer: Buffer?
        var isTransferring = false
        /// How often in a row the first byte was late.
        var timeouts = 0
        /// How long the first byte is waited for.
        var patience: Double?
        var isCancelled = false
        var hasEnded = false
    }

    private static let announcement: Int64 = 128 << 10

    /// Which segment of which content it brings.
    let segment: SegmentKey
    let content: Content
    let range: Range<Int64>

    private let urls: SignedURLs
    private let client: HTTPClient
    private let firstBytes: FirstByteClock
    private let counters: ReadCounters
    private let observer: any FetchObserver
    private let logger: Logger
    private let state: Mutex<State>

    init(
        segment: SegmentKey,
        content: Content,
        range: Range<Int64>,
        buffer: Buffer,
        urls: SignedURLs,
        client: HTTPClient,
        firstBytes: FirstByteClock,
        counters: ReadCounters,
        observer: any FetchObserver,
        logger: Logger
    ) {
        self.segment = segment
        self.content = content
        self.range = range
        self.urls = urls
        self.client = client
        self.firstBytes = firstBytes
        self.counters = counters
        self.observer = observer
        self.logger = logger
        let machine = FetchMachine(range: range, size: content.size, etag: content.file.etag)
        self.state = Mutex(State(machine: machine, buffer: buffer))
    }

    private var file: RemoteFileVersion { content.file }

    func start() {
        perform(.locate(renewing: false))
    }

    /// Ends the fetch; its observer hears `cancelled`.
    func cancel() {
        let (transfer, isTransferring) = state.withLock { state in
            state.isCancelled = true
            return (state.transfer, state.isTransferring)
        }
        transfer?.cancel()
        // Whoever waits for a URL or backs off gives its memory back at once.
        if !isTransferring {
            endAsCancelled()
        }
    }

    private func endAsCancelled() {
        end(.failure(RemoteReadError(.cancelled, "the fetch was given up")))
    }

    private func perform(_ action: FetchMachine.Action) {
        guard !state.withLock({ $0.isCancelled }) else {
            return endAsCancelled()
        }
        switch action {
        case .locate(let renewing):
            let refused = renewing ? state.withLock { $0.url } : nil
            urls.url(of: file.id, refused: refused) { self.located($0) }
        case .transfer(let bytes):
            transfer(bytes)
        case .wait(let seconds):
            guard seconds > 0 else { return perform(.locate(renewing: false)) }
            Task {
                try? await Task.sleep(for: .seconds(seconds))
                self.perform(.locate(renewing: false))
            }
        case .finish:
            end(.success(()))
        case .fail(let code, let reason):
            end(.failure(RemoteReadError(code, "can't read \(file.name): \(reason)")))
        case .receive, .drop:
            break
        }
    }

    private func located(_ result: Result<HTTPURL, BaseSpaceError>) {
        switch result {
        case .success(let url):
            perform(
                state.withLock { state in
                    state.url = url
                    return state.machine.located()
                }
            )
        case .failure(let error):
            end(.failure(RemoteReadError(.service, "can't read \(file.name): \(error)", service: error)))
        }
    }

    private func transfer(_ bytes: Range<Int64>) {
        let (url, attempt, patience) = state.withLock { state in
            state.attempt += 1
            state.isTransferring = !state.isCancelled
            state.patience = firstBytes.patience(after: state.timeouts)
            return (state.isCancelled ? nil : state.url, state.attempt, state.patience)
        }
        guard let url else { return }
        var request = HTTPRequest(.get, url, range: bytes)
        request.headers["If-Match"] = file.etag.map { "\"\($0)\"" }
        if let patience {
            var deadlines = client.deadlines
            deadlines.firstByte = min(deadlines.firstByte, .seconds(patience))
            request.deadlines = deadlines
        }
        let transfer = client.start(request, delegate: self)
        let isCancelled = state.withLock { state in
            if state.attempt == attempt, !state.hasEnded {
                state.transfer = transfer
            }
            return state.isCancelled
        }
        if isCancelled {
            transfer.cancel()
        }
    }

    private func end(_ result: Result<Void, RemoteReadError>) {
        let isFirst = state.withLock { state in
            defer { state.hasEnded = true }
            state.transfer = nil
            state.buffer = nil
            return !state.hasEnded
        }
        if isFirst {
            observer.fetch(self, didEndWith: result)
        }
    }

    // MARK: TransferDelegate

    func transfer(_ transfer: Transfer, didReceive head: HTTPResponseHead) -> Bool {
        state.withLock { $0.machine.received(head) } == .receive
    }

    func transfer(_ transfer: Transfer, didReceive bytes: UnsafeRawBufferPointer) {
        counters.fetched(bytes.count)
        let end = state.withLock { state -> Int64? in
            let landed = Int(state.machine.landed)
            // A server that sends more than it was asked for gets no further than the range.
            let count = min(bytes.count, range.count - landed)
            guard count > 0, let source = bytes.baseAddress, let buffer = state.buffer else { return nil }
            buffer.bytes.baseAddress?.advanced(by: landed).copyMemory(from: source, byteCount: count)
            state.machine.received(bytes: count)
            let total = state.machine.landed
            guard total / Self.announcement > state.announced / Self.announcement else { return nil }
            state.announced = total
            return range.lowerBound + total
        }
        if let end {
            observer.fetch(self, hasLandedUpTo: end)
        }
    }

    func transfer(_ transfer: Transfer, didComplete result: Result<TransferMetrics, HTTPTransportError>) {
        let failure: FetchMachine.Failure? =
            switch result {
            case .success: nil
            case .failure(let error): FetchMachine.Failure(error)
            }
        let action = state.withLock { state in
            state.transfer = nil
            state.isTransferring = false
            noteFirstByte(of: result, &state)
            return state.machine.completed(failure: failure, jitter: .random(in: 0..<1))
        }
        if case .wait = action {
            counters.repeatedFetch()
            logger.debug(
                "fetching again",
                metadata: ["file": "\(file.name)", "why": "\(failure?.reason ?? "answer")"]
            )
        }
        perform(action)
    }
}

extension Fetch {
    /// Tells what the next GETs may expect.
    private func noteFirstByte(of result: Result<TransferMetrics, HTTPTransportError>, _ state: inout State) {
        switch result {
        case .success(let metrics):
            state.timeouts = 0
            if metrics.bodyBytes > 0 {
                firstBytes.note(metrics.timeToFirstByte / .seconds(1))
            }
        case .failure(let error) where error.code == .firstByteTimedOut:
            state.timeouts += 1
            if let patience = state.patience {
                firstBytes.note(patience)
            }
        case .failure:
            state.timeouts = 0
        }
    }
}

extension FetchMachine.Failure {
    fileprivate init(_ error: HTTPTransportError) {
        code =
            switch error.code {
            case .connectTimedOut, .firstByteTimedOut, .stalled, .deadlineExceeded: .timedOut
            case .cannotResolve, .cannotConnect: .unreachable
            case .cancelled, .shutDown: .cancelled
            default: .unusable
            }
        reason = error.message
        isTransient = error.isTransient
    }
}
