public import BaseSpaceAPI
internal import OrderedCollections
internal import Synchronization

/// The tree that a mount shows: places, their names and inode numbers, and how fresh they are.
///
/// Three layers make a directory. *Fixed* children (`Samples`, `Files`, `Status`, …) are known from what the directory
/// is. *Listings* come from the service, one request per collection and page, and serve until their time is over. *Local
/// entries* lie over them: files that are being written here, directories that have no file yet, uploads that no listing
/// has shown yet.
///
/// Looking is in two steps, so that nobody waits without need: `knownChild` and `knownChildren` answer from memory;
/// when they can't, `child` and `children` ask the service first. One fetch serves all who wait for it, and goes on
/// when they give up. When the service can't be reached, an old listing serves on.
///
/// The inode table holds the nodes that the kernel holds references of, no others. All state is behind one lock, which
/// is never held across a call to the service.
public final class Tree: Sendable {
    /// How long answers of the service serve.
    public struct Configuration: Sendable {
        /// A listing of something that may still change.
        public var metadataLifetime: Duration = .seconds(60)
        /// A listing of files whose session is final: their number can't change any more, only the trash takes them.
        public var finalLifetime: Duration = .seconds(3600)
        /// The state of an AppSession, which others change while a user watches it.
        public var statusLifetime: Duration = .seconds(2)
        /// How long an old listing serves before the service is tried again after it could not be reached.
        public var retryInterval: Duration = .seconds(5)
        /// The text of `README` in the root.
        public var readme = ""

        /// The usual lifetimes.
        public init() {}
    }

    struct State {
        var slots: [InodeNumber: InodeSlot] = [:]
        var listings: [ListingKey: ListingSlot] = [:]
        var local: [FileContainer: LocalEntries] = [:]
        var sessions: [EntityID: KnownSession] = [:]
        /// What is known of samples and AppResults beyond their files.
        var containers: [FileContainer: KnownContainer] = [:]
        /// Numbers that files keep from the time when they were staged, while the kernel knows them by it.
        var aliases: [EntityID: InodeNumber] = [:]
        /// Times of uploaded files as their writers set them; the service knows only the time of the upload.
        var modified: [EntityID: Timestamp] = [:]
    }

    let service: any MetadataService
    let configuration: Configuration
    let now: @Sendable () -> ContinuousClock.Instant
    let state = Mutex(State())
    /// The bytes of `README`, made once: every look into the root passes by it.
    let readme: [UInt8]
    let root = Node(inode: .root, parent: .root, name: "", content: .root)

    /// Creates the tree of an account; nothing is asked of the service yet.
    ///
    /// - Parameters:
    ///   - service: Who answers for the account.
    ///   - configuration: Lifetimes and the README.
    ///   - now: The clock that lifetimes are measured by.
    public init(
        service: any MetadataService,
        configuration: Configuration = Configuration(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.service = service
        self.configuration = configuration
        self.readme = Array(configuration.readme.utf8)
        self.now = now
    }

    /// A child, as far as memory tells.
    public enum KnownChild: Sendable {
        /// The name stands for this node.
        case found(Node)
        /// There is no such name.
        case missing
        /// The service has to be asked: ``Tree/child(named:of:)``.
        case unknown
    }

    /// The child of a directory, without asking the service.
    public func knownChild(named name: String, of directory: Node) -> KnownChild {
        if let fixed = fixedChild(named: name, of: directory) { return .found(fixed) }
        guard let key = directory.listingKey else { return .missing }
        return state.withLock { state in
            guard let listing = state.listings[key]?.fresh(at: now()) else {
                // What is only here needs no listing.
                return state.localChild(named: name, of: directory).map { .found($0) } ?? .unknown
            }
            return state.child(named: name, of: directory, in: listing).map { .found($0) } ?? .missing
        }
    }

    /// The child of a directory, from a listing that is fetched if need be; `nil` if there is none.
    public func child(named name: String, of directory: Node) async throws(BaseSpaceError) -> Node? {
        if let fixed = fixedChild(named: name, of: directory) { return fixed }
        guard let key = directory.listingKey else { return nil }
        let listing = try await listing(for: key)
        return state.withLock { $0.child(named: name, of: directory, in: listing) }
    }

    /// All children of a directory, without asking the service; `nil` if that has to be.
    public func knownChildren(of directory: Node) -> [Node]? {
        guard let key = directory.listedKey else { return fixedChildren(of: directory) }
        return state.withLock { state in
            guard let listing = state.listings[key]?.fresh(at: now()) else { return nil }
            return state.children(of: directory, in: listing)
        }
    }

    /// How many children of a directory a listing has, without asking the service and without making their nodes; `nil` if
    /// it has to be asked.
    public func knownChildCount(of directory: Node) -> Int? {
        guard let key = directory.listedKey else { return fixedChildren(of: directory).count }
        return state.withLock { state in
            guard let listing = state.listings[key]?.fresh(at: now()) else { return nil }
            return listing.directories[directory.filePlace?.path ?? ""]?.count ?? 0
        }
    }

    /// All children of a directory, from a listing that is fetched if need be.
    public func children(of directory: Node) async throws(BaseSpaceError) -> [Node] {
        guard let key = directory.listedKey else { return fixedChildren(of: directory) }
        let listing = try await listing(for: key)
        return state.withLock { $0.children(of: directory, in: listing) }
    }

    /// How long what was just found in a directory holds: as long as the listing that was looked into.
    public func lifetime(in directory: Node) -> Duration {
        guard let key = directory.listingKey else { return configuration.finalLifetime }
        let left = state.withLock { $0.listings[key]?.freshUntil }.map { now().duration(to: $0) } ?? .zero
        return max(left, .seconds(1))
    }
}

extension Node {
    /// The listing that is looked into for a name that is not fixed. A sample and an AppResult look into their `Files/`.
    var listingKey: ListingKey? {
        switch content {
        case .sample, .appResult: filePlace.map { .files(of: $0.container) }
        default: listedKey
        }
    }

    /// The listing that a directory's own entries come from; `nil` where they are fixed.
    var listedKey: ListingKey? {
        switch content {
        case .projects: .projects
        case .samples(let project): .samples(of: project.id)
        case .appResults(let project): .appResults(of: project.id)
        case .directory(let place): .files(of: place.container)
        case .root, .text, .project, .sample, .appResult, .file, .staged, .control, .link: nil
        }
    }
}
