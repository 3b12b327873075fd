/// The kinds of entities that have an id, properties and a place in paths. The raw value is the plural in paths.
enum EntityKind: String, CaseIterable, Sendable {
    case projects
    case samples
    case appResults = "appresults"
    case runs
    case sessions = "appsessions"
    case files

    /// As the service's messages write it.
    var word: String {
        switch self {
        case .projects: "Project"
        case .samples: "Sample"
        case .appResults: "AppResult"
        case .runs: "Run"
        case .sessions: "AppSession"
        case .files: "File"
        }
    }

    /// As scopes, types of properties and results of a search write it.
    var type: String { word.lowercased() }

    init?(type: String) {
        guard let kind = Self.allCases.first(where: { $0.type == type.lowercased() }) else { return nil }
        self = kind
    }
}

/// Names any entity.
struct EntityID: Hashable, Sendable {
    let kind: EntityKind
    let id: Int64

    init(_ kind: EntityKind, _ id: Int64) {
        self.kind = kind
        self.id = id
    }

    /// A link such as `v1pre3/samples/1`, with or without the version or the server in front of it.
    init?(href: String) {
        let parts = href.split(separator: "/").suffix(2)
        guard parts.count == 2, let first = parts.first, let last = parts.last,
            let kind = EntityKind(rawValue: first.lowercased()), let id = Int64(last)
        else { return nil }
        self.init(kind, id)
    }

    /// `v1pre3/samples/1`.
    var href: String { "v1pre3/\(kind.rawValue)/\(id)" }

    /// The entity as a container of files.
    var container: ContainerID? {
        switch kind {
        case .samples: .sample(id)
        case .appResults: .appResult(id)
        case .runs: .run(id)
        case .sessions: .logs(id)
        case .projects, .files: nil
        }
    }
}

/// What has files: a Sample, an AppResult, a Run, or an AppSession, whose files are its logs.
enum ContainerID: Hashable, Sendable {
    case sample(Int64)
    case appResult(Int64)
    case run(Int64)
    case logs(Int64)

    /// Plural, as in paths.
    var kind: String { entity.kind.rawValue }

    var id: Int64 { entity.id }

    var entity: EntityID {
        switch self {
        case .sample(let id): EntityID(.samples, id)
        case .appResult(let id): EntityID(.appResults, id)
        case .run(let id): EntityID(.runs, id)
        case .logs(let id): EntityID(.sessions, id)
        }
    }
}
