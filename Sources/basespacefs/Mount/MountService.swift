import BaseSpaceAPI
import BaseSpaceFileSystem
import BlockCache
import FUSEAdapter
import HTTPTransport
import Logging
import SystemPackage

/// A mount put together from its rooms:
///
///     FUSESession ─▶ the volume ─▶ BaseSpaceClient ─▶ HTTPClient for the API
///                          ├─────────────────────────▶ HTTPClient for the object store
///                          └─▶ BlockCache
///
/// `prepare` makes everything that can fail without the kernel having seen anything; `mount` puts it into the tree. The
/// two clients have connections, threads and limits of their own, so that a listing never waits behind content.
struct MountService: Sendable {
    /// Who the token belongs to.
    let user: User
    /// What is served.
    let volume: MountedVolume

    private let configuration: MountConfiguration
    private let server: HTTPURL
    private let api: HTTPClient
    private let objectStore: HTTPClient
    private let cache: BlockCache
    private let operations: OperationCounters

    /// Checks that the server answers with this token, opens the cache and builds the file system.
    static func prepare(_ configuration: MountConfiguration, _ credentials: Credentials) throws -> MountService {
        let api = HTTPClient(.api(userAgent: Account.userAgent, logger: Logger(label: "HTTPTransport")))
        let tokens = TokenKeeper(credentials, logger: Logger(label: "BaseSpaceAPI"))
        let client = BaseSpaceClient(
            server: credentials.server,
            tokens: tokens,
            transport: api,
            logger: Logger(label: "BaseSpaceAPI")
        )
        // Whose data it opens matters once the token is refused, and its rights to who wants to know them: no reason to have
        // no mount, or to wait long for one. Not all servers tell, and not of all tokens.
        let inquiry = Task { try? await client.currentTokenInfo() }
        let session = configuration.appSession.map { id in Task { await Account.session(id, of: client) } }
        let user = try Account.user(of: client, credentials)
        let limit = Task {
            try await Task.sleep(for: .seconds(5))
            inquiry.cancel()
        }
        let token = Threads.wait { await inquiry.value }
        limit.cancel()
        tokens.begin(for: user, dataOf: token?.user)
        if let session {
            let logger = Logger(label: "basespacefs")
            try Threads.wait { await session.value }.get().map { logger.warning("\($0)") }
        }
        let objectStore = HTTPClient(
            .objectStore(
                userAgent: Account.userAgent,
                maximumConnections: configuration.connections,
                logger: Logger(label: "HTTPTransport")
            )
        )
        let cache = try blockCache(configuration)
        let foundation = MountFoundation(
            configuration: configuration,
            credentials: credentials,
            user: user,
            token: token,
            client: client,
            tokens: tokens,
            objectStore: objectStore,
            uploads: BaseSpaceClient(
                server: credentials.server,
                tokens: tokens,
                transport: objectStore,
                uploads: configuration.concurrentUploads,
                logger: Logger(label: "BaseSpaceAPI")
            ),
            cache: cache,
            operations: OperationCounters(),
            logger: Logger(label: "basespacefs")
        )
        return MountService(
            user: user,
            volume: try makeVolume(foundation),
            configuration: configuration,
            server: credentials.server,
            api: api,
            objectStore: objectStore,
            cache: cache,
            operations: foundation.operations
        )
    }

    private static func blockCache(_ configuration: MountConfiguration) throws -> BlockCache {
        let cache: BlockCache
        do throws(BlockCacheError) {
            cache = try BlockCache(
                BlockCache.Configuration(
                    location: configuration.cache,
                    limit: configuration.cacheSize,
                    logger: Logger(label: "BlockCache")
                )
            )
        } catch {
            throw CommandFailure("\(error) (--cache-dir DIR, or --cache-dir none)")
        }
        let place =
            switch configuration.cache {
            case .directory(let path): "in \(path)"
            case .memory: "in memory"
            }
        let size = ByteSize(bytes: configuration.cacheSize).approximate
        Logger(label: "basespacefs").info("content is cached \(place), \(size) at most")
        return cache
    }

    /// Mounts, or takes over a device that is mounted there. From here on the kernel knows of it and `FUSESession.run` has
    /// to be called.
    func mount(on mountPoint: FilePath, mountedDevice: CInt?) throws(CommandFailure) -> FUSESession {
        do throws(MountError) {
            var settings = FUSESession.Configuration(
                mountPoint: mountPoint,
                // As with NFS, the source that `df` shows is the server.
                options: ["fsname=\(configuration.source ?? server.host)", "subtype=basespacefs"]
                    + configuration.kernelOptions,
                logger: Logger(label: "FUSEAdapter")
            )
            settings.mountedDevice = mountedDevice
            settings.counters = operations
            let session = try FUSESession(settings, fileSystem: volume.fileSystem)
            volume.connect(session, session.mountPoint)
            return session
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// Stops what works in the background. Nothing is mounted any more.
    func shutDown() {
        // What is left is another mount's once the volume has let go of it: nothing is sent any more by then.
        objectStore.shutdown()
        api.shutdown()
        volume.shutDown()
        cache.shutdown()
    }
}
