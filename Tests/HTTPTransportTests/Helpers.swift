import Glibc
import HTTPTransport
import Logging
import Synchronization
import SystemPackage
import TestSupport

/// A client with deadlines short enough for tests, shut down at the end of `body`.
func withClient<Result>(
    shards: Int = 1,
    connections: Int = 4,
    deadlines: HTTPDeadlines = HTTPDeadlines(),
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (HTTPClient) async throws -> Result
) async throws -> Result {
    let client = HTTPClient(
        HTTPClient.Configuration(
            userAgent: "basespacefs-test",
            shards: shards,
            maximumConnections: connections,
            allowsHTTP2: false,
            deadlines: deadlines,
            logger: logger
        )
    )
    defer { client.shutdown() }
    return try await body(client)
}

/// The failure of a call that has to fail.
func failure<Value: Sendable>(
    _ call: () async throws(HTTPTransportError) -> Value
) async throws -> HTTPTransportError {
    let value: Value
    do throws(HTTPTransportError) {
        value = try await call()
    } catch {
        return error
    }
    throw UnexpectedSuccess(value: "\(value)")
}

/// A call succeeded that should have failed.
struct UnexpectedSuccess: Error {
    let value: String
}

/// Notes what a transfer does, and keeps no bytes.
final class RecordingDelegate: TransferDelegate {
    struct Record {
        var head: HTTPResponseHead?
        var bytes = 0
        var completions: [Result<TransferMetrics, HTTPTransportError>] = []
    }

    private let state = Mutex(Record())
    private let acceptsHead: Bool

    init(acceptsHead: Bool = true) {
        self.acceptsHead = acceptsHead
    }

    var record: Record { state.withLock { $0 } }

    func transfer(_ transfer: Transfer, didReceive head: HTTPResponseHead) -> Bool {
        state.withLock { $0.head = head }
        return acceptsHead
    }

    func transfer(_ transfer: Transfer, didReceive bytes: UnsafeRawBufferPointer) {
        state.withLock { $0.bytes += bytes.count }
    }

    func transfer(_ transfer: Transfer, didComplete result: Result<TransferMetrics, HTTPTransportError>) {
        state.withLock { $0.completions.append(result) }
    }

    /// Waits for the end; its error, if it was one.
    func completion() async throws -> Result<TransferMetrics, HTTPTransportError> {
        try await eventually("the transfer completes") { !self.record.completions.isEmpty }
        return record.completions[0]
    }

    func failureCode() async throws -> HTTPTransportError.Code? {
        if case .failure(let error) = try await completion() { error.code } else { nil }
    }
}

/// Counts from 1.
final class Counter: Sendable {
    private let count = Atomic(0)

    func increment() -> Int { count.add(1, ordering: .relaxed).newValue }
}

/// A file that is open for reading.
final class OpenFile: Sendable {
    let descriptor: CInt

    init(_ path: FilePath) throws {
        descriptor = try FileDescriptor.open(path, .readOnly).rawValue
    }

    deinit {
        try? FileDescriptor(rawValue: descriptor).close()
    }
}

enum ResidentMemory {
    /// The process's largest resident size so far, in bytes.
    static func peak() throws -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
