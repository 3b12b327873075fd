public import BaseSpaceAPI
internal import DequeModule
internal import OrderedCollections
internal import Synchronization

/// The tree that a mount shows: places, their names and inode numbers, and how fresh they are.
///
/// Three layers make a directory. *Fixed* children (`Samples`, `Files`, `Status`, …) are known from what the directory
/// is. *Listings* come from the service, one request per collection and page, and serve until their time is over. *Local
/// entries* lie over them: files that are being written here, directories that have no file yet, uploads that no listing
/// has shown yet.
///
/// Looking is in two steps, so that nobody waits without need: `knownChild` and `knownContents` answer from memory;
/// when they can't, `child` and `contents` ask the service first. One fetch serves all who wait for it, and goes on
/// when they give up. When the service can't be reached, an old listing serves on, and nobody waits long to learn that
/// (``Outage``).
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
        /// Lines of all listings together that are remembered, an empty one counted as one: about 350 bytes each.
        public var listingLimit = 250_000
        /// Nodes, without directories, that the kernel may know before it is told to forget some: about 150 bytes each,
        /// beside their lines.
        public var nodeLimit = 50_000
        /// How long an old listing serves before the service is tried again after it could not be reached.
        public var retryInterval: Duration = .seconds(5)
        /// How long who has an old answer waits for a service that is not known to be away.
        public var patience: Duration = .seconds(5)
        /// The same, after a refresh.
        public var patienceAfterRefresh: Duration = .seconds(30)
        /// The same, for one that was away: it answers in less if it is back.
        public var patienceWhenAway: Duration = .seconds(1)
        /// How long a text that was asked for (`.json`, `SampleProperties`) serves.
        public var documentLifetime: Duration = .seconds(60)
        /// The text of `README` in the root.
        public var readme = ""
        /// The URL of the API with a slash at its end, as `.curl` names it.
        public var apiServer = "https://api.basespace.illumina.com/"
        /// Whether listings show the files that begin with a dot: the mount option `listmeta`.
        public var listsMetadata = false
        /// The AppSession that everything belongs to which is made here; `nil` for one for each AppResult.
        public var session: EntityID?
        /// What the service is to show as the description of an AppResult that is made here.
        public var appResultDescription: String?
        /// The files of `.basespacefs/` by name, each made when it is looked at.
        public var reports: [String: @Sendable () async -> [UInt8]] = [:]

        /// The usual lifetimes.
        public init() {}
    }

    struct State {
        var slots: [InodeNumber: InodeSlot] = [:]
        /// The nodes in the order in which the kernel came to know them; some are forgotten by now.
        var retained = Deque<RetainedNode>()
        /// Grows with each node that joins the line.
        var turns: UInt64 = 0
        /// Nodes in the line that the kernel has.
        var forgettableNodes = 0
        /// Those of them that it was told to forget and has not given back.
        var toldNodes = 0
        var listings: [ListingKey: ListingSlot] = [:]
        /// What the listings weigh together; see ``ListingSlot/weight``.
        var listedLines = 0
        /// When listings are next looked through for what nobody uses.
        var nextSweep: ContinuousClock.Instant?
        /// Whether the container whose files were last listed for the first time had more than a page of them.
        var expectsLongLists = true
        var outage: Outage
        /// The project of each entity that stands in a listing of one.
        var homes: [EntityKey: EntityID] = [:]
        var local: [FileContainer: LocalEntries] = [:]
        /// Directories in `Properties/` that have nothing in them yet, which the service can't hold, by their owner.
        var localProperties: [EntityKey: Set<String>] = [:]
        /// What the elements of lists are called from which some were removed here.
        var propertyGaps: [PropertyPlace: ElementNumbers] = [:]
        /// The last change of each entity's properties; the next one waits for it.
        var propertyChanges: [EntityKey: PropertyChange] = [:]
        /// What programs want the AppResults described as that they make, by project.
        var descriptions: [EntityID: String] = [:]
        var documents: [DocumentFile: DocumentSlot] = [:]
        /// Grows with each look at a listing or document: who was looked at last.
        var looks: UInt64 = 0
        var sessions: [EntityID: KnownSession] = [:]
        /// Who asks for their states.
        var sessionCalls: [EntityID: Look<KnownSession>.Call] = [:]
        /// What is known of samples and AppResults beyond their files.
        var containers: [FileContainer: KnownContainer] = [:]
        var fileChanges = FileChanges()
    }

    let service: any MetadataService
    let configuration: Configuration
    let now: @Sendable () -> ContinuousClock.Instant
    let state: Mutex<State>
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
        self.state = Mutex(State(outage: Outage(configuration)))
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
        if let own = ownChild(named: name, of: directory) { return known(own, named: name, in: directory) }
        guard let key = directory.listingKey else { return .missing }
        return state.withLock { state in
            guard let listing = state.fresh(key, at: now()) else {
                // What is only here needs no listing.
                return state.localChild(named: name, of: directory).map { .found($0) } ?? .unknown
            }
            return state.child(named: name, of: directory, in: listing).map { .found($0) } ?? .missing
        }
    }

    /// The child of a directory, from a listing that is fetched if need be; `nil` if there is none.
    public func child(named name: String, of directory: Node) async throws(BaseSpaceError) -> Node? {
        if let own = ownChild(named: name, of: directory) { return try await node(own, named: name, in: directory) }
        guard let key = directory.listingKey else { return nil }
        let listing = try await listing(for: key)
        return state.withLock { $0.child(named: name, of: directory, in: listing) }
    }

    /// What a directory holds, without asking the service; `nil` if that has to be.
    public func knownContents(of directory: Node) -> DirectoryContents? {
        let own = ownChildren(of: directory)
        guard let key = directory.listedKey else { return DirectoryContents(own, of: directory) }
        return state.withLock { state in
            guard let listing = state.fresh(key, at: now()) else { return nil }
            return state.contents(of: directory, in: listing, after: own)
        }
    }

    /// What a directory holds, by a listing that is fetched if need be.
    public func contents(of directory: Node) async throws(BaseSpaceError) -> DirectoryContents {
        let own = ownChildren(of: directory)
        guard let key = directory.listedKey else { return DirectoryContents(own, of: directory) }
        let listing = try await listing(for: key)
        return state.withLock { $0.contents(of: directory, in: listing, after: own) }
    }

    /// All children of a directory, without asking the service; `nil` if that has to be.
    public func knownChildren(of directory: Node) -> [Node]? {
        knownContents(of: directory)?.nodes
    }

    /// How many children of a directory a listing has, without asking the service and without making their nodes; `nil` if
    /// it has to be asked.
    public func knownChildCount(of directory: Node) -> Int? {
        guard let key = directory.listedKey else { return ownChildren(of: directory).count }
        return state.withLock { state in
            guard let listing = state.fresh(key, at: now()) else { return nil }
            return listing.directories[directory.pathInListing]?.count ?? 0
        }
    }

    /// All children of a directory, from a listing that is fetched if need be.
    public func children(of directory: Node) async throws(BaseSpaceError) -> [Node] {
        try await contents(of: directory).nodes
    }

    /// Whether a directory still shows the listing that its contents are from, and nobody wants another one.
    public func shows(_ contents: DirectoryContents) -> Bool {
        guard let key = contents.directory.listedKey else { return true }
        return state.withLock { state in
            guard let slot = state.listings[key] else { return false }
            return slot.fetched == contents.asked && slot.freshUntil != nil
        }
    }

    /// How long what was just found in a directory holds: as long as the listing that was looked into.
    public func lifetime(in directory: Node) -> Duration {
        guard let key = directory.listingKey else { return configuration.metadataLifetime }
        let left = state.withLock { $0.listings[key]?.freshUntil }.map { now().duration(to: $0) } ?? .zero
        // What a state of a session puts into a directory goes with it.
        if case .hidden(.status) = directory.content {
            return min(max(left, .seconds(1)), configuration.statusLifetime)
        }
        return max(left, .seconds(1))
    }
}

extension Tree.State {
    /// A listing that needs no fetch. Looking at it keeps it from being dropped.
    mutating func fresh(_ key: ListingKey, at now: ContinuousClock.Instant) -> Listing? {
        guard let slot = listings[key], let listing = slot.listing else { return nil }
        if slot.fresh(at: now) == nil {
            // What the service refuses is refused in an outage too.
            guard slot.refusal == nil, let end = outage.pause(at: now) else { return nil }
            listings[key]?.freshUntil = end
        }
        looks += 1
        listings[key]?.lastUse = looks
        return listing
    }
}

extension Node {
    /// The listing that is looked into for a name that is not the directory's own. An entity with files looks into its
    /// `Files/`.
    var listingKey: ListingKey? {
        if case .entity(let entity) = content, let container = entity.container { return .files(of: container) }
        return listedKey
    }

    /// The listing that a directory's entries come from, beside its own; `nil` where it has no others.
    var listedKey: ListingKey? {
        switch content {
        case .collection(let collection, _): .entities(collection)
        case .entity(.appSession(let session)): .entities(.results(ofSession: session.id))
        case .directory(let place): .files(of: place.container)
        case .hidden(.metadata(let place)): .files(of: place.container)
        case .hidden(.status(_, let project)): .entities(.appResults(of: project))
        case .properties(let place): .properties(of: place.owner)
        default: nil
        }
    }

    /// The directory of the listing that this one shows.
    var pathInListing: String {
        switch content {
        case .properties(let place): place.path
        case .hidden(.metadata(let place)): place.path
        default: filePlace?.path ?? ""
        }
    }
}
