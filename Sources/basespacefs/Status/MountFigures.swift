import BaseSpaceAPI
import BaseSpaceFileSystem
import BlockCache
import HTTPTransport
import RemoteFiles
import Uploads

/// All that a mount counts, as it was at one moment.
struct MountFigures: Sendable {
    /// A count's growth per second over the last ten seconds.
    struct Rates: Sendable {
        /// Bytes that programs were given.
        var read = 0.0
        /// Bytes that came from the object store.
        var fetched = 0.0
        /// Bytes of uploads that were given to connections.
        var sent = 0.0
    }

    /// A file on its way, and how fast.
    struct Upload: Sendable {
        var activity: UploadActivity
        /// Bytes per second over the last minute, as far as the service has acknowledged them.
        var rate: Double
    }

    /// A connection to the service or to its object store.
    enum Client: String, CaseIterable, Sendable {
        case api
        case objectStore = "object_store"
    }

    /// When this was.
    var moment: Timestamp
    /// When the mount began.
    var started: Timestamp
    var http: [Client: HTTPStatistics] = [:]
    /// The calls of the API; those of uploads go over the object store's connections.
    var calls: [Client: CallStatistics] = [:]
    var reads = ReadStatistics()
    var cache = BlockCache.Statistics()
    var uploads = UploadStatistics()
    var active: [Upload] = []
    /// What is not uploaded yet.
    var backlog = UploadBacklog(files: 0, bytes: 0)
    var operations = OperationStatistics()
    var sessions: [SessionAtWork] = []
    /// For how long the service has not answered; `nil` while it does.
    var outage: Duration?
    var rates = Rates()

    /// Seconds since the mount began.
    var uptime: Int64 { max(0, moment.seconds - started.seconds) }

    /// A number of all connections together.
    func http(_ number: KeyPath<HTTPStatistics, UInt64>) -> UInt64 {
        http.values.reduce(0) { $0 + $1[keyPath: number] }
    }
}
