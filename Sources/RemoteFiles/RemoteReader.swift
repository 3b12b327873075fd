public import BaseSpaceAPI
public import BlockCache
public import HTTPTransport
public import Logging
internal import Synchronization
internal import Threading

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
/// ``SiblingReadAhead`` does the same for whole directories of small files, and ``FileFormat`` knows what follows the head
/// of a BAM.
///
/// Locks: the reader's own (`state`) is taken before that of a fetch, of the buffer pool and of the URLs, and no
/// callback is ever made with it held. The others are never held together.
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
    /// The contents by what they are: open ones, and closed ones of which something is still on its way.
    private let contents = Mutex<[RemoteFileVersion: WeakContent]>([:])
    let firstBytes = FirstByteClock()
    let counters = ReadCounters()
    let shelf = Mutex(Shelf())
    let directories = Mutex(Directories())
    /// Reads that need the disk after some bytes of theirs have landed: not on the threads that take bytes off the line.
    let diskReaders = WorkerPool(name: "cache-reader")
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
        try? diskReaders.start(1)
        pool.whenMemoryReturns { [weak self] in
            Task { self?.admit() }
        }
        startJanitor()
    }

    deinit {
        janitor.withLock { $0?.cancel() }
        diskReaders.shutdown()
    }

    /// What the reader has done until now.
    public var statistics: ReadStatistics {
        var statistics = counters.statistics
        statistics.unreadBytes = state.withLock { $0.unreadBytes }
        return statistics
    }

    /// Opens a content. Handles of the same content share what is fetched.
    ///
    /// - Parameters:
    ///   - url: A signed URL of it that came with a listing; without one, the service is asked at the first read.
    ///   - surroundings: Where it stands; with them its index, and the files after it, may be fetched ahead.
    /// - Throws: `archived` if it has to be restored first.
    public func open(
        _ file: RemoteFileVersion,
        url: SignedURL? = nil,
        in surroundings: (any Surroundings)? = nil
    ) throws(RemoteReadError) -> OpenContent {
        guard let content = content(of: file, url: url) else {
            throw RemoteReadError(.archived, "can't read \(file.name): it is archived; restore it in BaseSpace first")
        }
        state.withLock { $0.open(content) }
        if let shelved = shelf.withLock({ $0.take(file) }) {
            close(shelved)
        }
        if let surroundings {
            noteOpening(of: file, in: surroundings)
        }
        return OpenContent(content: content, surroundings: surroundings, reader: self)
    }

    /// The one object that stands for a content; `nil` if it is archived.
    func content(of file: RemoteFileVersion, url: SignedURL?) -> Content? {
        guard !file.isArchived else { return nil }
        if let url {
            urls.remember(url.url, of: file.id)
        }
        if let content = contents.withLock({ $0[file]?.content }) { return content }
        // Outside of the lock, since the cache looks at its disk; if two make the same content, one of them is let go again.
        let key = ContentKey(file: file.id.rawValue, etag: file.etag ?? "", size: file.size)
        let new = Content(file: file, cached: cache.content(for: key))
        return contents.withLock { contents in
            if let content = contents[file]?.content { return content }
            contents[file] = WeakContent(content: new)
            return new
        }
    }

    func close(_ content: Content) {
        perform(state.withLock { $0.close(content, pool: pool) })
    }

    /// Ends reads whose deadline is over, and gives idle memory back.
    private func startJanitor() {
        janitor.withLock { janitor in
            janitor = Task { [weak self] in
                var tick: UInt64 = 0
                for round in 1... {
                    try? await Task.sleep(for: Self.janitorInterval)
                    guard !Task.isCancelled, let self else { return }
                    self.perform(
                        self.state.withLock { $0.expire(at: .now, after: self.configuration.deadline, pool: self.pool) }
                    )
                    self.clearShelf(at: .now)
                    guard round % Self.idleRounds == 0 else { continue }
                    tick = self.state.withLock { $0.releaseIdle(since: tick) }
                    self.contents.withLock { $0 = $0.filter { $0.value.content != nil } }
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

/// A content that its handles and its segments keep alive.
private struct WeakContent: Sendable {
    weak let content: Content?
}
