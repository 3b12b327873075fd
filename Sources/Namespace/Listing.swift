internal import BaseSpaceAPI
internal import OrderedCollections

/// What the service is asked for in one go, and what the answer fills.
enum ListingKey: Hashable, Sendable {
    case entities(EntityCollection)
    /// `Files/` and every directory below it: the service lists a container's files flat.
    case files(of: FileContainer)
    /// `Properties/` and every directory below it.
    case properties(of: EntityKey)
}

/// An answer of the service, made into directories. Immutable: who lists a directory sees one moment of it.
struct Listing: Sendable {
    /// Children by name, in the order of the listing.
    typealias Directory = OrderedDictionary<String, Child>

    /// What a name in a directory stands for.
    enum Child: Sendable {
        /// An entity whose directory stands here.
        indirect case entity(Entity)
        /// An entity whose directory stands elsewhere.
        case reference(EntityKey)
        case file(FileRecord)
        case directory
        /// A property of text.
        case text([UInt8])
    }

    /// The directories by their path; the one that the listing is of has the empty path.
    let directories: [String: Directory]
    /// Lines of all directories together.
    let count: Int
    /// Files that the service said were there.
    let fileCount: Int
    /// When the service was asked for it; `nil` until it has its place in the tree.
    var asked: ContinuousClock.Instant?
    /// The names of entities.
    private let names: [EntityKey: String]

    init(directories: [String: Directory], fileCount: Int = 0) {
        self.init(directories, names: [:], fileCount: fileCount)
    }

    private init(_ directories: [String: Directory], names: [EntityKey: String], fileCount: Int = 0) {
        self.directories = directories
        self.names = names
        self.fileCount = fileCount
        count = directories.values.reduce(0) { $0 + $1.count }
    }

    /// A collection's directory, its entities named by ``EntityNames``.
    init(of entities: [Entity], in collection: EntityCollection) {
        var directory = Directory(minimumCapacity: entities.count)
        var names = [EntityKey: String](minimumCapacity: entities.count)
        for (name, entity) in zip(Self.names(of: entities, in: collection), entities) {
            directory[name] = collection.isHome ? .entity(entity) : .reference(entity.key)
            names[entity.key] = name
        }
        self.init(["": directory], names: names)
    }

    private static func names(of entities: [Entity], in collection: EntityCollection) -> [String] {
        guard case .results = collection else {
            return EntityNames.unique(entities.map { ($0.id, $0.name, $0.created) })
        }
        // As in BaseMount: `AppResults.17.calls`. The id makes it unique, however the rest is cut.
        return entities.map { entity in
            let word = if case .sample = entity { "Samples" } else { "AppResults" }
            return EntityNames.legal("\(word).\(entity.id).\(entity.name)")
        }
    }

    /// The AppResult that `AppResults.<name>` means in a session's directory, where its id stands between the two: who makes
    /// one there goes on under the name that he gave.
    func result(called name: String) -> EntityKey? {
        let prefix = "AppResults."
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        for case (let listed, .reference(let key)) in directories[""] ?? [:]
        where key.kind == .appResult && listed == "\(prefix)\(key.id).\(rest)" {
            return key
        }
        return nil
    }

    /// All files, in no order.
    var files: some Sequence<FileRecord> {
        directories.values.lazy.flatMap(\.values).compactMap { if case .file(let record) = $0 { record } else { nil } }
    }

    /// The name of the child that stands for an entity.
    func name(of entity: EntityKey) -> String? { names[entity] }
}

/// A listing in the course of time: when it was fetched, who is fetching it anew.
///
/// ```
///            fetch ok
///   nothing ─────────▶ fresh ──TTL──▶ stale ──look──▶ fetching ──ok──▶ fresh
///                                                        └──no route──▶ the old one serves, asked again after 5 s
/// ```
struct ListingSlot: Sendable {
    typealias Flight = Task<Result<Listing, BaseSpaceError>, Never>

    /// The last answer.
    var listing: Listing?
    /// When the service was asked for it.
    var fetched: ContinuousClock.Instant? { listing?.asked }
    /// Until when it is served without asking again.
    var freshUntil: ContinuousClock.Instant?
    /// The fetch under way.
    var flight: Flight?
    /// An answer that was a refusal, and until when it is not asked for again.
    var refusal: (error: BaseSpaceError, until: ContinuousClock.Instant)?
    /// Whether somebody wants a later answer than that of the fetch under way.
    var isOutdated = false
    /// Entities made here since the last fetch began; the service's next list has them too.
    var created: [Entity] = []
    /// When somebody last looked into it, as a number that grows with each look.
    var lastUse: UInt64 = 0

    /// The listing, while it needs no fetch.
    func fresh(at now: ContinuousClock.Instant) -> Listing? {
        guard let freshUntil, now < freshUntil else { return nil }
        return listing
    }
}
