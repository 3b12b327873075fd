internal import Logging
internal import Synchronization
internal import SystemPackage
internal import Threading

/// What a cache and its contents share.
final class CacheCore: Sendable {
    /// The limit of a cache that stores nothing.
    static let noLimit = Int64.max

    let storage: any Storage
    let ledger: Ledger
    let evictor: Evictor
    let limit: Int64
    let clock: CacheClock
    let log: RateLimitedLog
    let scratch = ScratchPool()
    let memory = AvailableMemory()
    let counters = CacheCounters()
    let writers = WorkerPool(name: "cache-writer")
    /// One thread that reads, compares and syncs, so that no store waits for it.
    let voucher = WorkerPool(name: "cache-voucher")
    private let keepFree: Int64?
    private let isClosed = Atomic(false)
    /// When `shutdown` was called; 0 before.
    private let closingSince = Atomic<UInt64>(0)

    init(
        storage: any Storage,
        ledger: Ledger,
        limit: Int64,
        keepFree: Int64?,
        logger: Logger,
        clock: @escaping CacheClock
    ) {
        self.storage = storage
        self.ledger = ledger
        self.limit = limit
        self.keepFree = keepFree
        self.clock = clock
        log = RateLimitedLog(logger, clock: clock)
        evictor = Evictor(storage: storage, ledger: ledger, limit: limit, clock: clock)
    }

    deinit {
        shutdown()
    }

    /// Opens a content's files; nil (and a line in the log, if it is not that there are none) if that can't be done.
    func open(_ key: ContentKey, _ name: ContentName, creating: Bool) -> ContentFiles? {
        do throws(Errno) {
            return try storage.open(name, for: key, creating: creating, ledger: ledger)
        } catch {
            log.dropped("the files of \(key.file) can't be opened: \(error)")
            return nil
        }
    }

    /// Charges blocks, making room if need be; nil if they can't be stored.
    func reserve(_ blocks: Range<Int>, of files: ContentFiles) -> Ledger.Reservation? {
        // Twice: another process may take the room that was just made. A third time it is busier than we are.
        for _ in 0..<3 {
            let seen = evictor.passCount
            switch ledger.reserve(blocks, of: files, within: allowance, at: clock()) {
            case .reserved(let reservation):
                return reservation
            case .failed(let error):
                log.dropped("its map can't be written: \(error)")
                return nil
            case .short(let bytes):
                guard evictor.makeRoom(for: bytes, after: seen) else {
                    log.dropped("there is no room and nothing to evict")
                    return nil
                }
            }
        }
        return nil
    }

    /// The cache is being closed: what can be done another day is left.
    var isClosing: Bool { closingSince.load(ordering: .relaxed) != 0 }

    /// Whether a stamp that needs nothing but the disk can still be waited for. At the end of a mount that is a second:
    /// usually all is on the disk already, and then the next mount need not read the whole content for its stamp.
    var hasTime: Bool {
        let since = closingSince.load(ordering: .relaxed)
        return since == 0 || systemClock() < since + 1000
    }

    /// Finishes the threads' work; the second call does nothing.
    func shutdown() {
        _ = closingSince.compareExchange(expected: 0, desired: systemClock(), ordering: .relaxed)
        writers.shutdown()
        voucher.shutdown()
        if !isClosed.exchange(true, ordering: .acquiringAndReleasing) {
            storage.close(ledger)
        }
    }

    private var allowance: Ledger.Allowance {
        guard let space = storage.freeSpace() else { return .init(limit: limit, available: nil) }
        return .init(limit: limit, available: space.available - (keepFree ?? Self.defaultKeepFree(of: space.total)))
    }

    /// A twentieth of the disk, as other caches leave it, but of a large disk no more than 10 GiB.
    private static func defaultKeepFree(of total: Int64) -> Int64 {
        min(total / 20, 10 << 30)
    }
}
