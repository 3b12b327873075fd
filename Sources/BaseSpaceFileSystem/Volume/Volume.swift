public import BaseSpaceAPI
internal import Glibc
public import Logging
public import Namespace
public import RemoteFiles
internal import Synchronization
internal import SystemPackage
internal import Threading
public import Uploads

/// A BaseSpace account as a file system.
///
/// The volume knows what an operation means at each place of the tree, and leaves the doing to the rooms below: the
/// ``Tree`` knows what is where, ``RemoteReader`` brings bytes, ``StagingArea`` and ``UploadEngine`` take them away.
/// Every operation tries to answer from memory on the calling thread; only what needs the service (a listing, the state
/// of a session, an upload) becomes work that is waited for elsewhere. What fails is an `Errno` by
/// ``FailureReport``'s rules; the words go to the log.
///
/// One file for each group of operations: `Volume+Lookup`, `+Attributes`, `+Directories`, `+Reading`, `+Writing`,
/// `+Changes`, `+Control`, `+ExtendedAttributes`; and one for each thing that several of them bring about: `+Committing`,
/// `+Overwriting`, `+Recovery`.
public final class Volume: FileSystem {
    /// How a mount behaves.
    public struct Configuration: Sendable {
        /// Nothing can be written, created or removed.
        public var isReadOnly = false
        /// When committed files are uploaded, and who waits for it.
        public var uploadPolicy = UploadPolicy.close
        /// Whether a path that the service has may get another version.
        public var allowsOverwrite = false
        /// Whether `rmdir` of an entity moves it to the trash.
        public var allowsDelete = false
        /// Who owns everything, as `stat` shows it.
        public var uid: UInt32 = getuid()
        /// The group of everything.
        public var gid: UInt32 = getgid()
        /// The time of places that have none of their own.
        public var mounted = Timestamp(seconds: 0)

        /// The usual behaviour: writable, owned by the user who mounts.
        public init() {}
    }

    let configuration: Configuration
    let tree: Tree
    let reader: RemoteReader
    let staging: StagingArea
    let journal: Journal
    let uploads: UploadEngine
    let logger: Logger
    let handles = HandleTable()
    let staged = StagedFiles()
    let failures = FailureBook()
    /// Ends the mount, for `unmount` in the root's `.commands`; set once there is a mount.
    let onUnmount = Mutex<(@Sendable () -> Void)?>(nil)
    let disk = BlockingWork(name: "disk", threads: 2)
    /// Takes notes of what became of uploads, one after the other, without waiting for a sync of the disk.
    let records = BlockingWork(name: "records", threads: 1)
    /// Looks at programs; one that can't be looked at just now must not hold up the disk's work.
    let processes = BlockingWork(name: "processes", threads: 1)
    /// Tells the kernel what it remembers wrongly; set once the session is there.
    let kernel = Mutex<(any KernelCache)?>(nil)
    let missedNames = Mutex(MissedNames(lifetime: .seconds(negativeLifetime)))
    let habits = Mutex(ListingHabits())
    /// Where the tree is mounted: targets of links that programs make may be paths below it.
    let mountPoint = Mutex("")
    let sessionAges = Mutex(SessionAges())
    /// What the log was told lately.
    let loggedLines = Mutex(RecentLines())
    /// Files whose staged copies could not be opened when they were adopted, by their serials.
    let unusable = Mutex<[String: AdoptedFile]>([:])
    /// The ETag that the kernel's cached pages of an inode are of.
    let cachedVersions = Mutex<[InodeNumber: String]>([:])

    /// Puts a file system together; nothing is asked of the service yet.
    public init(
        tree: Tree,
        reader: RemoteReader,
        staging: StagingArea,
        journal: Journal,
        uploads: UploadEngine,
        configuration: Configuration = Configuration(),
        logger: Logger
    ) {
        self.tree = tree
        self.reader = reader
        self.staging = staging
        self.journal = journal
        self.uploads = uploads
        self.configuration = configuration
        self.logger = logger
    }

    /// Says how the mount is ended from within.
    public func whenUnmountIsAsked(_ unmount: @escaping @Sendable () -> Void) {
        onUnmount.withLock { $0 = unmount }
    }

    /// Says whom to tell of what the kernel remembers wrongly, and where the tree is mounted.
    public func attach(_ kernelCache: any KernelCache, at mountPoint: String) {
        self.mountPoint.withLock { $0 = mountPoint }
        kernel.withLock { $0 = kernelCache }
    }

    /// Lets go of the kernel and of the journal: the files that are left are the next mount's. Nothing is mounted any more.
    public func shutDown() {
        kernel.withLock { $0 = nil }
        journal.close()
    }

    /// The node behind an inode number of the kernel.
    func node(_ inode: InodeNumber) throws(Errno) -> Node {
        guard let node = tree.node(inode) else { throw .staleNFSFileHandle }
        return node
    }

    /// Work that waits: runs `body`, tells the log what went wrong, and throws what the program is to see.
    ///
    /// - Parameter directory: Whose `.error` is to have the words.
    func pending<Value: Sendable>(
        _ what: String,
        in directory: InodeNumber?,
        _ body: @escaping @Sendable () async throws -> Value
    ) -> Answer<Value> {
        .pending { [self] () async throws(Errno) -> Value in
            do {
                return try await body()
            } catch let refusal as Refusal {
                throw refusal.errno
            } catch {
                throw failed(error, doing: what, in: directory)
            }
        }
    }

    /// What `pending` does, for a change that has begun and is finished even if the program does not wait for it: the
    /// program gets `Errno.interrupted` at once.
    func finishing<Value: Sendable>(
        _ what: String,
        in directory: InodeNumber?,
        _ body: @escaping @Sendable () async throws -> Value
    ) -> Answer<Value> {
        pending(what, in: directory) { try await Self.finished(body) }
    }

    /// The value of work that goes on when the waiting task is cancelled, which throws `Errno.interrupted`.
    static func finished<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = Task<Result<Value, any Error>, Never> {
            do { return .success(try await body()) } catch { return .failure(error) }
        }
        guard let result = await task.valueUnlessCancelled() else { throw Errno.interrupted }
        return try result.get()
    }

    /// How often names are looked for until they are known.
    static let mostLooks = 10

    /// Runs an operation on names of directories once memory knows what they mean: at once, or after a listing. It never takes a
    /// name that is not known for one that is free.
    func knowing<Value: Sendable>(
        _ names: [(name: String, directory: Node)],
        _ what: String,
        _ operation: @escaping @Sendable () throws(Errno) -> Answer<Value>
    ) throws(Errno) -> Answer<Value> {
        @Sendable func unknown() -> [(name: String, directory: Node)] {
            names.filter { name, directory in
                if case .unknown = tree.knownChild(named: name, of: directory) { true } else { false }
            }
        }
        guard !unknown().isEmpty else { return try operation() }
        return pending(what, in: names.first?.directory.inode) { [tree] in
            // Others may change or refresh the directory meanwhile. What `.by-id` and the like lead to is asked for each time.
            var looks = 0
            while case let missing = unknown().filter({ looks == 0 || !tree.isOwnName($0.name, of: $0.directory) }),
                !missing.isEmpty
            {
                guard looks < Self.mostLooks else { throw Errno.resourceTemporarilyUnavailable }
                looks += 1
                for (name, directory) in missing {
                    _ = try await tree.child(named: name, of: directory)
                }
            }
            switch try operation() {
            case .ready(let value): return value
            case .pending(let rest): return try await rest()
            }
        }
    }
}
