import Digests
import Logging
import NIOCore
import NIOPosix
import Synchronization
public import SystemPackage

/// A BaseSpace on loopback that speaks real HTTP.
///
/// Two servers listen on 127.0.0.1: the API (`v1pre3`, and what mounts read of `v2`), and the object store that the API's signed URLs lead to. They
/// are two so that a client that carries its token to the object store is seen and refused, as S3 refuses it.
///
/// What a request goes through:
///
///     HTTPServer → Responder ─ records it, asks the faults ─→ API or ObjectStore ─→ Reply ─→ Responder sends it
///
/// `API` is one table of routes, one file per family of resources, over one `Model` behind a lock. Handlers are pure but
/// for that model, the clock and the files of uploads; they know nothing of faults. `ObjectStore` checks a signature and
/// names a piece of a file; `BodySource` reads it on threads of its own, so that files of any size are served in
/// constant memory and no disk holds up an event loop.
///
/// Invariants:
/// - An entity's id never changes and is never used again; ids from a data directory depend on its paths only.
/// - A file is readable when and only when its upload status is `complete`, and no client can change it afterwards.
/// - No client changes a final session, and none of its containers takes a file of a client.
/// - What tests do behind the clients' backs (`Handle`, `POST /simulator/changes`) is bound by neither.
/// - A request is recorded before it is answered, so that one that hangs is seen too.
/// - Nothing is shared between simulators of one process.
public final class Simulator: Sendable {
    let services: Services
    private let api: HTTPServer
    private let objectStore: HTTPServer
    private let group: MultiThreadedEventLoopGroup
    private let isStopped = Mutex(false)

    private init(services: Services, api: HTTPServer, objectStore: HTTPServer, group: MultiThreadedEventLoopGroup) {
        self.services = services
        self.api = api
        self.objectStore = objectStore
        self.group = group
    }

    /// Starts a simulator: when this returns, both servers answer.
    ///
    /// - Throws: what kept a directory from being read or a port from being bound.
    public static func start(_ configuration: Configuration = Configuration()) async throws -> Simulator {
        // As many as there are cores, within reason: the clients of a benchmark need some too.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(4, max(2, NIOCore.System.coreCount)))
        // Reads of cached files take microseconds; four threads keep a disk and a few hashes busy.
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        do {
            return try await start(configuration, group: group, pool: pool)
        } catch {
            try? await pool.shutdownGracefully()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private static func start(
        _ configuration: Configuration,
        group: MultiThreadedEventLoopGroup,
        pool: NIOThreadPool
    ) async throws -> Simulator {
        let data = configuration.dataDirectory
        let model = try await pool.runIfActive {
            var model = Model()
            if let data { try DataDirectory(root: data).load(into: &model) }
            return model
        }
        let services = Services(
            configuration: configuration,
            model: model,
            uploads: try UploadDirectory(configuration.stateDirectory),
            pool: pool
        )
        services.faults.set(configuration.faults)
        do {
            let store = ObjectStore(services: services)
            let storeResponder = Responder(
                .objectStore,
                services: services,
                handle: store.reply,
                failure: store.failure
            )
            let objectStore = try await HTTPServer.start(
                port: configuration.objectStorePort,
                group: group,
                logger: configuration.logger,
                respond: storeResponder.respond
            )
            let api = API(services: services, objectStoreURL: "http://127.0.0.1:\(objectStore.port)")
            let apiResponder = Responder(.api, services: services, handle: api.reply, failure: api.failure)
            do {
                let server = try await HTTPServer.start(
                    port: configuration.apiPort,
                    group: group,
                    logger: configuration.logger,
                    respond: apiResponder.respond
                )
                return Simulator(services: services, api: server, objectStore: objectStore, group: group)
            } catch {
                await objectStore.stop()
                throw error
            }
        } catch {
            services.uploads.removeIfPrivate()
            throw error
        }
    }

    /// Stops both servers. Whatever hangs ends; connections are closed; a private state directory is removed.
    public func stop() async {
        guard
            !isStopped.withLock({ stopped in
                defer { stopped = true }
                return stopped
            })
        else { return }
        await api.stop()
        await objectStore.stop()
        try? await services.pool.shutdownGracefully()
        try? await group.shutdownGracefully()
        services.uploads.removeIfPrivate()
    }

    /// The root of the API, `http://127.0.0.1:PORT`.
    public var apiURL: String { "http://127.0.0.1:\(api.port)" }

    /// The root of the object store, `http://127.0.0.1:PORT`.
    public var objectStoreURL: String { "http://127.0.0.1:\(objectStore.port)" }

    /// A token that the API accepts for everything; if the configuration names several, the first by text.
    public var token: String { services.configuration.tokens.keys.sorted().first ?? "" }
}

// MARK: - What tests see and set

extension Simulator {
    /// The requests that have come since the start or `resetRequests()`, in their order.
    public var requests: [RecordedRequest] { services.log.requests }

    /// Forgets the recorded requests.
    public func resetRequests() {
        services.log.reset()
    }

    /// Replaces the faults, counts anew, and lets go what hangs: those requests are answered now.
    public func setFaults(_ faults: [Fault]) {
        services.faults.set(faults)
    }

    /// Moves the clock by which sessions time out and signed URLs expire.
    public func advanceClock(by duration: Duration) {
        services.clock.advance(by: duration)
    }

    /// A file that a client has uploaded completely.
    public struct UploadedFile: Sendable {
        /// The file's id.
        public var id: String
        /// `directory/name`.
        public var path: String
        /// Bytes.
        public var size: Int64
        /// The MD5 of the content, hexadecimal. Of a file that came in parts this is not its ETag.
        public var md5: String
        /// Bare, as the API shows it.
        public var etag: String
        /// As the client named it.
        public var contentType: String
        /// Where the bytes are.
        public var localPath: FilePath
    }

    /// The complete files that clients have uploaded into an AppResult, in the order of ids. Reads them to compute MD5s.
    public func uploadedFiles(appResult id: String) -> [UploadedFile] {
        guard let id = Int64(id) else { return [] }
        return services.uploadedFiles(in: .appResult(id))
    }

    /// The state of an AppSession.
    public struct Session: Sendable {
        /// The session's id.
        public var id: String
        /// Its name.
        public var name: String
        /// `Running`, `NeedsAttention`, `TimedOut`, `Complete` or `Aborted`.
        public var status: String
        /// What the client said about the status.
        public var statusSummary: String
    }

    /// An AppSession; nil if there is none with this id.
    public func session(_ id: String) -> Session? {
        guard let id = Int64(id), let session = services.withModel({ $0.sessions[id] }) else { return nil }
        return Session(
            id: String(session.id),
            name: session.name,
            status: session.life.status.rawValue,
            statusSummary: session.statusSummary
        )
    }
}

extension Services {
    /// The complete uploads in a container, with the MD5s of their contents. Blocks while it reads them.
    func uploadedFiles(in container: ContainerID) -> [Simulator.UploadedFile] {
        let files = withModel { $0.completeFiles(of: container) }.filter(\.isUploaded)
        return files.compactMap { file in
            guard let location = file.location, let etag = file.etag else { return nil }
            // The ETag of a file that came in one request is its MD5 already.
            guard let md5 = etag.contains("-") ? try? ETags.md5(ofFileAt: location).hexadecimal : etag else {
                return nil
            }
            return Simulator.UploadedFile(
                id: String(file.id),
                path: file.path,
                size: file.size,
                md5: md5,
                etag: etag,
                contentType: file.contentType,
                localPath: location
            )
        }
    }
}
