internal import CCurl
public import Logging
internal import Synchronization

/// HTTP over libcurl's multi interface.
///
/// A client has one or more *shards*. A shard is a thread that owns a multi handle, and with it a set of connections
/// (`Shard`); a client with several encrypts on several cores. A transfer lives on one shard from start to end:
///
///     start() ─▶ inbox ─wake-up─▶ waiting, in order ─a slot is free─▶ libcurl ─▶ delegate
///
/// Invariants:
/// - libcurl's handles are touched by their shard's thread only; others put a message into the shard's inbox.
/// - A delegate is told of the end exactly once, whatever happens: cancellation, shutdown and refused requests included.
/// - At most `maximumConnections` requests run at once; the others wait here, not in libcurl, in the order of arrival.
/// - Between libcurl's receive buffer and the delegate nothing is copied, allocated or locked.
/// - No redirect is followed (libcurl would carry `x-access-token` to another host), nothing but `https`, and `http` on
///   loopback, is spoken, and certificates are always checked.
/// - When a connection of the pool turns out to be dead before the response's first byte, the request is sent again at
///   once, by libcurl or by us (`ActiveTransfer.restarts`); what may not be done twice is stopped before libcurl does so
///   (`ActiveTransfer.connected`).
///
/// `start` is one attempt on behalf of a delegate; `response(to:)` collects a body in memory, with or without retries.
/// Proxies come from the usual environment variables (`https_proxy`, `all_proxy`, `no_proxy`), loopback is never proxied.
public final class HTTPClient: Sendable {
    /// How a client behaves.
    public struct Configuration: Sendable {
        /// The `User-Agent` field.
        public var userAgent: String
        /// Threads, each with its own connections.
        public var shards: Int
        /// Requests at a time, over all shards.
        public var maximumConnections: Int
        /// Whether HTTP/2 is used with servers that offer it. It puts all transfers on one connection: right for many
        /// small replies, wrong for bulk data (one congestion window, one core).
        public var allowsHTTP2: Bool
        /// Whether compressed replies are asked for. Not for an object store: its bytes are what they are.
        public var acceptsCompression: Bool
        /// Deadlines of requests that don't bring their own.
        public var deadlines: HTTPDeadlines
        /// Bytes that are taken off a connection at once, at most 512 KiB; each transfer has a buffer of this size.
        public var receiveBufferSize = 128 << 10
        /// A file of trusted certificates instead of the system's.
        public var caBundle: String?
        /// One debug line for each transfer, without secrets.
        public var logger: Logger

        /// Creates a configuration.
        ///
        /// - Parameter caBundle: `nil`: what `CURL_CA_BUNDLE` or else `SSL_CERT_FILE` names. (The curl tool reads them;
        ///   the library does not.)
        public init(
            userAgent: String,
            shards: Int,
            maximumConnections: Int,
            allowsHTTP2: Bool,
            acceptsCompression: Bool = false,
            deadlines: HTTPDeadlines = HTTPDeadlines(),
            caBundle: String? = nil,
            logger: Logger
        ) {
            self.userAgent = userAgent
            self.shards = shards
            self.maximumConnections = maximumConnections
            self.allowsHTTP2 = allowsHTTP2
            self.acceptsCompression = acceptsCompression
            self.deadlines = deadlines
            self.caBundle = caBundle ?? Environment["CURL_CA_BUNDLE"] ?? Environment["SSL_CERT_FILE"]
            self.logger = logger
        }

        /// For the API: small replies, HTTP/2 where it is offered, good manners (6 calls at a time).
        public static func api(userAgent: String = defaultUserAgent, logger: Logger) -> Configuration {
            Configuration(
                userAgent: userAgent,
                shards: 1,
                maximumConnections: 6,
                allowsHTTP2: true,
                acceptsCompression: true,
                logger: logger
            )
        }

        /// For the object store: 32 connections, which is what fills a line with 60 MB/s per connection, on two threads,
        /// which measured a fifth faster than one.
        public static func objectStore(
            userAgent: String = defaultUserAgent,
            maximumConnections: Int = 32,
            logger: Logger
        ) -> Configuration {
            var configuration = Configuration(
                userAgent: userAgent,
                shards: 2,
                maximumConnections: maximumConnections,
                allowsHTTP2: false,
                // A body that stands still for so long goes on sooner on another connection, from the missing byte on.
                deadlines: HTTPDeadlines(firstByte: .seconds(20), stallTime: .seconds(8)),
                logger: logger
            )
            // A quarter less CPU per byte than with 128 KiB.
            configuration.receiveBufferSize = 512 << 10
            return configuration
        }

        /// The name that servers' logs show.
        public static let defaultUserAgent = "basespacefs"
    }

    private let configuration: Configuration
    private let shards: [Shard]
    let counters = TransferCounters()

    /// Starts the threads. No connection is made yet.
    public init(_ configuration: Configuration) {
        precondition(configuration.shards > 0 && configuration.maximumConnections > 0)
        _ = Self.isLibraryInitialized
        self.configuration = configuration
        // Rounded up, so that no shard has none.
        let perShard = (configuration.maximumConnections + configuration.shards - 1) / configuration.shards
        shards = (0..<configuration.shards).map { [counters] index in
            Shard(index: index, slots: perShard, configuration: configuration, counters: counters)
        }
    }

    deinit {
        // The last reference may be dropped on a shard's own thread, which can't join itself.
        for shard in shards {
            shard.stop()
        }
    }

    /// `curl_global_init` is thread-safe in this version, but once is enough.
    private static let isLibraryInitialized = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Starts a transfer. It goes to the shard with the fewest transfers, the first of them when equal, so that a few
    /// requests share a few warm connections.
    ///
    /// After `shutdown()` the delegate is told `.shutDown` before this returns.
    @discardableResult
    public func start(_ request: HTTPRequest, delegate: any TransferDelegate) -> Transfer {
        let shard = shards.min { $0.load < $1.load } ?? shards[0]
        let transfer = Transfer(shard: shard)
        shard.start(request, transfer: transfer, delegate: delegate)
        return transfer
    }

    /// Ends all transfers with `.shutDown`, closes the connections and waits for the threads. Not from a delegate.
    public func shutdown() {
        for shard in shards {
            shard.stop()
        }
        for shard in shards {
            shard.join()
        }
    }

    /// The deadlines of requests that don't bring their own.
    public var deadlines: HTTPDeadlines { configuration.deadlines }

    /// What the client has done until now.
    public var statistics: HTTPStatistics {
        var statistics = counters.statistics
        statistics.underWay = shards.reduce(0) { $0 + $1.load }
        return statistics
    }

    var logger: Logger { configuration.logger }
}
