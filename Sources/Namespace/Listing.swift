internal import BaseSpaceAPI
internal import OrderedCollections

/// What the service is asked for in one go, and what the answer fills.
enum ListingKey: Hashable, Sendable {
    case projects
    case samples(of: EntityID)
    case appResults(of: EntityID)
    /// `Files/` and every directory below it: the service lists a container's files flat.
    case files(of: FileContainer)
}

/// An answer of the service, made into directories. Immutable: who lists a directory sees one moment of it.
struct Listing: Sendable {
    /// Children by name, in the order of the listing.
    typealias Directory = OrderedDictionary<String, Child>

    /// What a name in a directory stands for.
    enum Child: Sendable {
        case entity(Node.Content)
        case file(FileRecord)
        case directory
    }

    /// The directories by their path; the one that the listing is of has the empty path.
    var directories: [String: Directory]

    init(directories: [String: Directory]) {
        self.directories = directories
    }

    /// One directory of entities, named by ``EntityNames``.
    init(of entities: [(id: EntityID, name: String, content: Node.Content)]) {
        var directory = Directory(minimumCapacity: entities.count)
        let names = EntityNames.unique(entities.map { ($0.id, $0.name) })
        for (name, entity) in zip(names, entities) {
            directory[name] = .entity(entity.content)
        }
        directories = ["": directory]
    }
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
    /// Until when it is served without asking again.
    var freshUntil: ContinuousClock.Instant?
    /// The fetch under way.
    var flight: Flight?
    /// An answer that was a refusal, and until when it is not asked for again.
    var refusal: (error: BaseSpaceError, until: ContinuousClock.Instant)?
    /// Whether somebody wants a later answer than that of the fetch under way.
    var isOutdated = false
    /// Entities made here since the last fetch began; the service's next list has them too.
    var created: [Node.Content] = []

    /// The listing, while it needs no fetch.
    func fresh(at now: ContinuousClock.Instant) -> Listing? {
        guard let freshUntil, now < freshUntil else { return nil }
        return listing
    }
}
