import BaseSpaceAPI
import HTTPTransport
import Synchronization

/// An answer of the server, as far as a doctor looks at it.
struct ServerAnswer: Equatable, Sendable {
    var status: Int
    /// From the start, connecting included, to the first byte.
    var time: Duration
    /// Whose address it came from: the server's, or a proxy's.
    var address: String?
    /// How many seconds this machine's clock is ahead of the server's; `nil` where that tells no time. Half a second and
    /// half of `time` is not known.
    var clockAhead: Double?

    init(status: Int, time: Duration, address: String? = nil, clockAhead: Double? = nil) {
        self.status = status
        self.time = time
        self.address = address
        self.clockAhead = clockAhead
    }

    /// Makes one attempt at a request.
    static func first(to request: HTTPRequest, by client: HTTPClient) async throws(HTTPTransportError) -> ServerAnswer {
        let listener = Listener()
        let result = await withCheckedContinuation { continuation in
            listener.wait(continuation)
            client.start(request, delegate: listener)
        }
        return try result.get()
    }

    /// Seconds since 1970 of `Thu, 19 Jul 2018 23:50:10 GMT` (RFC 9110, 5.6.7); `nil` for anything else.
    static func seconds(ofDate text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(iso8601: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")?.seconds
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Compares a `Date` with the moment at which the answer began. The server's clock was anywhere in that second.
    static func clockAhead(of date: String, at moment: Timestamp) -> Double? {
        seconds(ofDate: date).map { Double(moment.seconds - $0) + Double(moment.nanoseconds) / 1e9 - 0.5 }
    }

    /// Takes one answer; its body is of no interest.
    private final class Listener: TransferDelegate {
        typealias Continuation = CheckedContinuation<Result<ServerAnswer, HTTPTransportError>, Never>

        private let state = Mutex<(head: HTTPResponseHead?, clockAhead: Double?, continuation: Continuation?)>(
            (nil, nil, nil)
        )

        func wait(_ continuation: Continuation) {
            state.withLock { $0.continuation = continuation }
        }

        func transfer(_ transfer: Transfer, didReceive head: HTTPResponseHead) -> Bool {
            let ahead = head.headers["Date"].flatMap { ServerAnswer.clockAhead(of: $0, at: .now) }
            state.withLock { ($0.head, $0.clockAhead) = (head, ahead) }
            return true
        }

        func transfer(_ transfer: Transfer, didReceive bytes: UnsafeRawBufferPointer) {}

        func transfer(_ transfer: Transfer, didComplete result: Result<TransferMetrics, HTTPTransportError>) {
            let (head, ahead, continuation) = state.withLock { state in
                defer { state = (nil, nil, nil) }
                return state
            }
            continuation?.resume(
                returning: result.map { metrics in
                    ServerAnswer(
                        status: head?.status ?? 0,
                        time: metrics.timeToFirstByte,
                        address: metrics.remoteAddress,
                        clockAhead: ahead
                    )
                }
            )
        }
    }
}
