import BaseSpaceAPI
import BaseSpaceFileSystem
import BlockCache
import HTTPTransport
import Logging
import SystemPackage

/// What a mount is made of before its file system: the connections to the service and the disk it may use.
struct MountFoundation: Sendable {
    var configuration: MountConfiguration
    /// Where server and token were found.
    var credentials: Credentials
    var user: User
    /// What the service said of the token; `nil` if it did not in time.
    var token: TokenInfo?
    var client: BaseSpaceClient
    /// The token of both clients.
    var tokens: TokenKeeper
    /// The object store's client; the API's is inside `client`.
    var objectStore: HTTPClient
    /// What files are uploaded through: the same account over the connections for content, so that a part never stands
    /// before a listing.
    var uploads: BaseSpaceClient
    var cache: BlockCache
    /// Where the kernel's requests are counted.
    var operations: OperationCounters
    var logger: Logger

    /// What the journal calls the account.
    var account: String { "\(client.server) \(user.id)" }
}

/// A file system ready to be mounted, and what the mount's process has to know of it.
struct MountedVolume: Sendable {
    /// What the kernel's requests go to.
    var fileSystem: any FileSystem
    /// Hands over the kernel's cache, and where the mount is, once there is one.
    var connect: @Sendable (any KernelCache, FilePath) -> Void
    /// What is not uploaded yet.
    var backlog: @Sendable () -> UploadBacklog
    /// Uploads all that is closed, waits for it, and says what could not be uploaded.
    var finishUploads: @Sendable () async -> RemainingFiles
    /// Stops everything in the background. Staged files stay.
    var shutDown: @Sendable () -> Void
}

/// Files that wait for their upload.
struct UploadBacklog: Hashable, Sendable, CustomStringConvertible {
    var files: Int
    var bytes: Int64
    /// How many of the files are not as an earlier mount left them.
    var own = 0

    var isEmpty: Bool { files == 0 }

    /// `2 files, 1.5 GiB`.
    var description: String {
        "\(files) file\(files == 1 ? "" : "s"), \(ByteSize(bytes: bytes).approximate)"
    }
}

extension RemainingFiles {
    /// What did not succeed in this mount; `nil` if all that was written in it is at the service.
    var failure: String? { Self.line(of: own) }

    /// What is no failure of this mount's and should be known all the same.
    var note: String? { Self.line(of: inherited).map { "left by an earlier mount: \($0)" } }

    /// More than a few would be a page of text where one line is expected.
    private static func line(of lines: [String]) -> String? {
        guard !lines.isEmpty else { return nil }
        let shown = lines.prefix(mostNamed).joined(separator: "; ")
        let rest = lines.count - mostNamed
        return rest > 0 ? "\(shown); and \(rest) more (basespacefs uploads list shows them)" : shown
    }

    private static var mostNamed: Int { 5 }
}
