import BaseSpaceAPI
import BaseSpaceFileSystem
import BlockCache
import FoundationEssentials
import Glibc
import HTTPTransport
import RemoteFiles
import SystemPackage
import Uploads

/// What `.basespacefs/status.json` tells, and `basespacefs status` reads there. The manual lists its keys; they stay.
///
/// Bytes are counted since the mount began, rates are bytes per second over the last ten seconds.
struct StatusReport: Codable, Sendable {
    /// Whose BaseSpace it is.
    struct Account: Codable, Sendable {
        var id: String
        var name: String
        var email: String?
    }

    /// The cache on disk, which other mounts may share, and how this mount fared with it.
    struct Cache: Codable, Sendable {
        /// Its directory, or `none` for one in memory.
        var directory: String
        var bytes: Int64
        var limit: Int64
        var hits: UInt64
        var misses: UInt64
        /// Hits among all look-ups, 0 … 1; missing before the first.
        var hitRate: Double?
        var storedBytes: UInt64
        var damagedBlocks: UInt64
    }

    /// What programs read. What the kernel has in memory, or reads from the cache by itself, is not seen here.
    struct Reading: Codable, Sendable {
        var bytes: UInt64
        var fromMemory: UInt64
        var fromCache: UInt64
        var fromServer: UInt64
        var rate: Double
        var fetchedBytes: UInt64
        var fetchRate: Double
        var unreadBytes: UInt64
        var failures: UInt64
        var passthroughOpens: UInt64
    }

    /// Calls of the API, and the requests that they and the content took.
    struct Service: Codable, Sendable {
        var calls: UInt64
        var errors: UInt64
        var unauthorized: UInt64
        /// Seconds since it was found away; missing while it answers.
        var outage: Int64?
        var requests: UInt64
        var requestErrors: UInt64
        var retries: UInt64
        var connections: UInt64
        var receivedBytes: UInt64
        var sentBytes: UInt64
    }

    /// What goes to the service.
    struct Uploads: Codable, Sendable {
        /// Files, and bytes of them, that are not there yet.
        var backlogFiles: Int
        var backlogBytes: Int64
        var done: UInt64
        var failed: UInt64
        var sentBytes: UInt64
        var rate: Double
        var active: [Upload]
    }

    /// A file on its way.
    struct Upload: Codable, Sendable {
        var container: String
        var path: String
        var sent: Int64
        var total: Int64
        /// Bytes per second over the last minute.
        var rate: Double
        /// Until its end at this rate; missing while nothing moves.
        var secondsLeft: Int64?
    }

    /// An AppResult with files written here whose session has not ended.
    struct Session: Codable, Sendable {
        var container: String
        var status: String?
        var created: Date?
        var ageHours: Double?
        var warning: String?
    }

    var account: Account
    var server: String
    var version: String
    var pid: Int32
    var mountPoint: String?
    var started: Date
    /// Seconds.
    var uptime: Int64
    var cache: Cache
    var read: Reading
    var service: Service
    var uploads: Uploads
    var sessions: [Session]
    /// Requests of the kernel that were answered with an error, by its name.
    var operationErrors: [String: UInt64]
    /// What somebody should look at, a line each.
    var warnings: [String]
}

extension StatusReport {
    init(_ figures: MountFigures, of foundation: MountFoundation, on mountPoint: String?) {
        account = Account(foundation.user)
        server = foundation.client.server.string
        version = Version.current
        pid = getpid()
        self.mountPoint = mountPoint
        started = Date(figures.started)
        uptime = figures.uptime
        cache = Cache(figures, in: foundation.configuration.cacheDirectory)
        read = Reading(figures)
        service = Service(figures)
        uploads = Uploads(figures)
        sessions = figures.sessions.map { Session($0, now: figures.moment) }
        operationErrors = figures.operations.errors.reduce(into: [:]) { $0[$1.key.symbol, default: 0] += $1.value }
        warnings = [service.warning].compactMap(\.self) + sessions.compactMap(\.warning)
    }
}

extension StatusReport.Account {
    fileprivate init(_ user: User) {
        id = user.id.rawValue
        name = user.name
        email = user.email
    }
}

extension StatusReport.Cache {
    fileprivate init(_ figures: MountFigures, in directory: String) {
        let cache = figures.cache
        self.directory = directory
        bytes = cache.bytes
        limit = cache.limit
        hits = cache.hits
        misses = cache.misses
        hitRate = hits + misses > 0 ? Double(hits) / Double(hits + misses) : nil
        storedBytes = cache.storedBytes
        damagedBlocks = cache.damagedBlocks
    }
}

extension StatusReport.Reading {
    fileprivate init(_ figures: MountFigures) {
        bytes = figures.reads.answeredBytes
        fromMemory = figures.reads.memory.bytes
        fromCache = figures.reads.cache.bytes
        fromServer = figures.reads.server.bytes
        rate = figures.rates.read
        fetchedBytes = figures.reads.fetchedBytes
        fetchRate = figures.rates.fetched
        unreadBytes = figures.reads.unreadBytes
        failures = figures.reads.failures
        passthroughOpens = figures.operations.passthroughOpens
    }
}

extension StatusReport.Service {
    fileprivate init(_ figures: MountFigures) {
        calls = figures.calls.values.reduce(0) { $0 + $1.total }
        errors = figures.calls.values.reduce(0) { $0 + $1.errors }
        unauthorized = figures.calls.values.reduce(0) { $0 + $1[.unauthorized] }
        outage = figures.outage?.components.seconds
        requests = figures.http(\.requests)
        requestErrors = figures.http(\.errors)
        retries = figures.http(\.retries) + figures.reads.retries
        connections = figures.http(\.connections)
        receivedBytes = figures.http(\.receivedBytes)
        sentBytes = figures.http(\.sentBytes)
    }
}

extension StatusReport.Service {
    fileprivate var warning: String? {
        outage.map {
            "the service has not answered for \(StatusReport.span($0)): directories show what was known before"
        }
    }
}

extension StatusReport.Uploads {
    fileprivate init(_ figures: MountFigures) {
        backlogFiles = figures.backlog.files
        backlogBytes = figures.backlog.bytes
        done = figures.uploads.done
        failed = figures.uploads.failed
        sentBytes = figures.uploads.sentBytes
        rate = figures.rates.sent
        active = figures.active.map { StatusReport.Upload($0) }
    }
}

extension StatusReport.Upload {
    fileprivate init(_ upload: MountFigures.Upload) {
        container = upload.activity.destination.container.description
        path = upload.activity.destination.path
        sent = upload.activity.bytesSent
        total = upload.activity.bytesTotal
        rate = upload.rate
        // A byte per second is no speed to count on.
        secondsLeft = rate >= 1 ? Int64((Double(max(0, total - sent)) / rate).rounded(.up)) : nil
    }
}

extension StatusReport.Session {
    fileprivate init(_ session: SessionAtWork, now: Timestamp) {
        container = session.container.description
        status = session.status?.rawValue
        created = session.created.map { Date($0) }
        ageHours = session.created.map { (Double(now.seconds - $0.seconds) / 360).rounded() / 10 }
        warning = session.warning
    }
}

extension Date {
    /// To the second.
    init(_ timestamp: Timestamp) {
        self.init(timeIntervalSince1970: TimeInterval(timestamp.seconds))
    }
}
