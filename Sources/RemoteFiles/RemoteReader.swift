public import BaseSpaceAPI
public import BlockCache
public import HTTPTransport
public import Logging
internal import Synchronization

/// Reads files of the service as if they were local.
///
/// A read is answered from the first of three places that has its bytes: a *segment* in memory (a GET under way or just
/// done), the *disk cache*, the *object store*. The first two answer on the calling thread, without a task or memory
/// for the bytes. The third starts a GET, or joins the one that is bringing the bytes already, and answers as soon as they
/// have landed in its buffer, which may be long before the GET ends. Whole GETs go to the disk cache afterwards, by
/// the cache's own threads; nobody waits for that.
///
/// ``ReadAhead`` says what to fetch before anyone asks, ``ReaderState`` what gets memory and a connection next,
/// ``FetchMachine`` what to do about a failure, ``SignedURLs`` where the bytes are. They decide; this class performs.
///
/// Locks: the reader's own (`state`) is taken before that of a fetch, of the buffer pool and of the URLs, and no
/// callback is ever made with it held.
public final class RemoteReader: Sendable {
    /// What a reader may use.
    public struct Configuration: Sendable {
        /// Bytes of memory for everything in flight.
        public var memoryLimit = 256 << 20
        /// GETs at the same time.
        public var connections = 32
        /// How long a read waits for its bytes before it fails with `timedOut`.
        public var deadline: Duration = .seconds(120)

        /// The usual limits.
        public init() {}
    }

    let configuration: Configuration
    let client: HTTPClient
    let cache: BlockCache
    let logger: Logger
    let pool: BufferPool
    let scratch = ScratchBuffers()
    let urls: SignedURLs
    let state: Mutex<ReaderState>
    /// The open contents by what they are, with the number of their handles.
    private let open = Mutex<[RemoteFileVersion: (content: Content, handles: Int)]>([:])
    private let janitor = Mutex<Task<Void, Never>?>(nil)

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - locator: Who knows the signed URLs.
    ///   - client: The transport to the object store.
    ///   - cache: Where content is kept.
    ///   - configuration: Limits.
    ///   - wallClock: The time that the expiry of a URL is compared with.
    ///   - logger: Where retries are told.
    public init(
        locator: any ContentLocator,
        client: HTTPClient,
        cache: BlockCache,
        configuration: Configuration = Configuration(),
        wallClock: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.configuration = configuration
        self.client = client
        self.cache = cache
        self.logger = logger
        self.pool = BufferPool(limit: configuration.memoryLimit)
        self.urls = SignedURLs(locator: locator, wallClock: wallClock)
        self.state = Mutex(ReaderState(connections: configuration.connections))
        pool.whenMemoryReturns { [weak self] in
            Task { self?.admit() }
        }
        startJanitor()
    }

    deinit {
        janitor.withLock { $0?.cancel() }
    }

    /// Opens a content. Handles of the same content share what is fetched.
    ///
    /// - Throws: `archived` if it has to be restored first.
    public func open(_ file: RemoteFileVersion) throws(RemoteReadError) -> OpenContent {
        guard !file.isArchived else {
            throw RemoteReadError(.archived, "can't read \(file.name): it is archived; restore it in BaseSpace first")
        }
        let key = ContentKey(file: file.id.rawValue, etag: file.etag ?? "", size: file.size)
        let content = open.withLock { open in
            let content = open[file]?.content ?? Content(file: file, cached: cache.content(for: key))
            open[file] = (content, (open[file]?.handles ?? 0) + 1)
            return content
        }
        state.withLock { $0.open(content) }
        return OpenContent(content: content, reader: self)
    }

    func close(_ content: Content) {
        open.withLock { open in
            let left = (open[content.file]?.handles ?? 1) - 1
            open[content.file] = left > 0 ? (content, left) : nil
        }
        perform(state.withLock { $0.close(content) })
        admit()
    }

    /// Ends reads whose deadline is over, and gives idle memory back.
    private func startJanitor() {
        janitor.withLock { janitor in
            janitor = Task { [weak self] in
                var tick: UInt64 = 0
                for round in 1... {
                    try? await Task.sleep(for: Self.janitorInterval)
                    guard !Task.isCancelled, let self else { return }
                    self.perform(self.state.withLock { $0.expire(at: .now, pool: self.pool) })
                    guard round % Self.idleRounds == 0 else { continue }
                    tick = self.state.withLock { $0.releaseIdle(since: tick) }
                    self.pool.trim()
                }
            }
        }
    }

    /// Deadlines are kept to this.
    private static let janitorInterval: Duration = .seconds(1)
    /// Memory unused for so many intervals goes back: short enough that a finished `samtools` leaves nothing behind,
    /// long enough for the pauses of a working one.
    private static let idleRounds = 5
}
