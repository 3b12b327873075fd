internal import HTTPTransport

/// The life of one fetch: a range of a file on its way from the object store into a buffer.
///
/// ```
///            ┌────────── renew (403, not twice in a row) ◀────────┐
///            ▼                                                    │
///   start ─▶ asking for URL ─▶ transferring ─▶ all bytes ─▶ done  │
///                                 │  ▲  └── 403 ─────────────────┘
///            reset, short body,   │  │
///            stall, 429, 5xx      ▼  │
///                               waiting (back-off), then from the byte that is missing
/// ```
///
/// A value without clock, lock or IO: it is told what happened and answers what to do.
struct FetchMachine: Sendable {
    /// What to do next.
    enum Action: Sendable, Equatable {
        /// Ask for a signed URL, a new one if the last was refused.
        case locate(renewing: Bool)
        /// GET these bytes of the file, `If-Match` its ETag.
        case transfer(Range<Int64>)
        /// Receive the body that follows.
        case receive
        /// Drop the transfer; its completion decides what follows.
        case drop
        /// Start again after so many seconds.
        case wait(Double)
        /// All bytes are there.
        case finish
        /// Give up.
        case fail(RemoteReadError.Code, String)
    }

    /// Why a transfer brought less than it was to bring.
    struct Failure: Sendable, Equatable {
        /// What the reader is told if this is the last of many.
        var code: RemoteReadError.Code
        var reason: String
        var isTransient: Bool
    }

    private enum Verdict: Sendable {
        case renew
        case retry(String, after: Double)
        case fail(RemoteReadError.Code, String)
    }

    /// Failures without a single new byte between them, after which a fetch is given up: by the back-off below, 6
    /// seconds of a dead object store on average. The kernel asks a second time for what a read-ahead did not bring, so a
    /// program waits twice that before it hears of it.
    static let maximumFailures = 8

    /// The bytes of the file to bring.
    let range: Range<Int64>
    /// The size of the file.
    let size: Int64
    /// Its bare ETag, if the service told one.
    let etag: String?
    /// How many bytes are there, from the start of the range on.
    private(set) var landed: Int64 = 0
    /// What the head of the answer under way leads to when its transfer has ended.
    private var verdict: Verdict?
    private var failures = 0
    private var hasRenewed = false

    init(range: Range<Int64>, size: Int64, etag: String? = nil) {
        self.range = range
        self.size = size
        self.etag = etag
    }

    /// The bytes that are still missing.
    var missing: Range<Int64> { (range.lowerBound + landed)..<range.upperBound }

    /// A signed URL is there.
    mutating func located() -> Action {
        verdict = nil
        return .transfer(missing)
    }

    /// The head of an answer.
    mutating func received(_ head: HTTPResponseHead) -> Action {
        verdict = judge(head)
        return verdict == nil ? .receive : .drop
    }

    /// Bytes of the body.
    mutating func received(bytes: Int) {
        landed += Int64(bytes)
        failures = 0
        hasRenewed = false
    }

    /// The transfer has ended; `failure` says why if it was not the end of the body.
    ///
    /// - Parameter jitter: A random number 0 ..< 1.
    mutating func completed(failure: Failure?, jitter: Double) -> Action {
        switch verdict {
        case .renew: return .locate(renewing: true)
        case .retry(let reason, let seconds): return retry(.unusable, reason, after: seconds, jitter)
        case .fail(let code, let reason): return .fail(code, reason)
        case nil: break
        }
        if landed == Int64(range.count) { return .finish }
        guard let failure else { return retry(.unusable, "the body ended early", after: 0, jitter) }
        guard failure.isTransient else { return .fail(failure.code, failure.reason) }
        return retry(failure.code, failure.reason, after: 0, jitter)
    }

    /// Seconds to wait before the n-th attempt in a row that follows no new byte, full jitter.
    ///
    /// | failures | at most |
    /// |----------|---------|
    /// | 1        | 0 (another connection, at once) |
    /// | 2        | 0.2     |
    /// | 3        | 0.4     |
    /// | 4        | 0.8     |
    /// | 7        | 6.4     |
    static func delay(failures: Int, jitter: Double) -> Double {
        failures <= 1 ? 0 : 0.1 * Double(1 << min(failures - 1, 7)) * jitter
    }

    private mutating func retry(
        _ code: RemoteReadError.Code,
        _ reason: String,
        after seconds: Double,
        _ jitter: Double
    ) -> Action {
        failures += 1
        // Whoever waits may outlive the URL; the failures are counted, so this ends.
        hasRenewed = false
        guard failures < Self.maximumFailures else { return .fail(code, reason) }
        return .wait(max(seconds, Self.delay(failures: failures, jitter: jitter)))
    }

    /// What an answer's head leads to; `nil` if its body is what was asked for.
    private mutating func judge(_ head: HTTPResponseHead) -> Verdict? {
        switch head.status {
        case 206:
            return judgeRange(head.headers["Content-Range"]?.lowercased()) ?? judgeLength(of: head)
                ?? judgeETag(head.headers["ETag"])
        case 200:
            // The whole file, to somebody who asked for the whole file.
            guard missing != 0..<size else { return judgeLength(of: head) ?? judgeETag(head.headers["ETag"]) }
            return .retry("the object store ignored the Range of the request", after: 0)
        case 403:
            guard !hasRenewed else { return .fail(.denied, "the object store refuses access, also with a fresh URL") }
            hasRenewed = true
            return .renew
        case 404, 410:
            return .fail(.gone, "the object store no longer has it")
        case 412, 416:
            return .fail(.changed, "its content changed since it was opened")
        case 408, 429, 500, 502, 503, 504:
            let wait = min(RetryAfter.duration(of: head) ?? .zero, Self.longestRetryAfter)
            return .retry("the object store answers \(head.status)", after: Double(wait.components.seconds))
        default:
            return .fail(.unusable, "the object store answered \(head.status)")
        }
    }

    private func judgeRange(_ actual: String?) -> Verdict? {
        let bytes = "bytes \(missing.lowerBound)-\(missing.upperBound - 1)/"
        if actual == bytes + "\(size)" || actual == bytes + "*" { return nil }
        if let actual, !actual.hasSuffix("/\(size)"), !actual.hasSuffix("/*") {
            return .fail(.changed, "its size changed while it was read")
        }
        return .retry("the object store sent \(actual ?? "no range") when \(bytes)\(size) was asked for", after: 0)
    }

    /// A proxy on the way may send a page of its own with 200, or compress what has another length then than its range.
    private func judgeLength(of head: HTTPResponseHead) -> Verdict? {
        guard let length = head.headers["Content-Length"], Int64(length) != Int64(missing.count) else { return nil }
        return .retry("the object store sent \(length) bytes when \(missing.count) were asked for", after: 0)
    }

    /// The object store compares ETags itself (`If-Match`); a proxy on the way may not.
    private func judgeETag(_ actual: String?) -> Verdict? {
        guard let etag, let actual, actual.filter({ $0 != "\"" }) != etag else { return nil }
        return .fail(.changed, "its content changed since it was opened")
    }

    /// No `Retry-After` makes a read wait longer than this many seconds: its own deadline is not much later.
    private static let longestRetryAfter = Duration.seconds(30)
}
