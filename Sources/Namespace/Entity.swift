public import BaseSpaceAPI

/// What the service has an id for, and the tree a directory.
///
/// Each entity has one directory; wherever else it belongs (a session's AppResults, a property that refers to a sample)
/// stands a symbolic link to `.by-id/<kind>/<id>`, which leads there. So nothing is copied, counted or searched twice.
public enum Entity: Sendable {
    case project(Project)
    case sample(Sample)
    case appResult(AppResult)
    case appSession(AppSession)
    case run(Run)
    case dataset(Dataset)
    case bioSample(BioSample)
    case genome(Genome)

    /// What kind it is.
    public var kind: EntityKind {
        switch self {
        case .project: .project
        case .sample: .sample
        case .appResult: .appResult
        case .appSession: .appSession
        case .run: .run
        case .dataset: .dataset
        case .bioSample: .bioSample
        case .genome: .genome
        }
    }

    /// Its id; unique among those of its kind.
    public var id: EntityID {
        switch self {
        case .project(let project): project.id
        case .sample(let sample): sample.id
        case .appResult(let appResult): appResult.id
        case .appSession(let session): session.id
        case .run(let run): run.id
        case .dataset(let dataset): dataset.id
        case .bioSample(let bioSample): bioSample.id
        case .genome(let genome): genome.id
        }
    }

    /// Its name at the service. Of a run it is the experiment's name, as in BaseMount, and the folder's without one.
    public var name: String {
        switch self {
        case .project(let project): project.name
        case .sample(let sample): sample.name
        case .appResult(let appResult): appResult.name
        case .appSession(let session): session.name
        case .run(let run): run.experimentName ?? run.name
        case .dataset(let dataset): dataset.name
        case .bioSample(let bioSample): bioSample.name
        case .genome(let genome): genome.name
        }
    }

    /// Kind and id.
    public var key: EntityKey { EntityKey(kind: kind, id: id) }

    /// The service's word for the state it is in, where it has one.
    public var status: String? {
        switch self {
        case .sample(let sample): sample.status?.rawValue
        case .appResult(let appResult): appResult.status?.rawValue
        case .appSession(let session): session.status.rawValue
        case .run(let run): run.status
        case .bioSample(let bioSample): bioSample.status
        case .project, .dataset, .genome: nil
        }
    }

    /// When it was made.
    public var created: Timestamp? {
        switch self {
        case .project(let project): project.created
        case .sample(let sample): sample.created
        case .appResult(let appResult): appResult.created
        case .appSession(let session): session.created
        case .run(let run): run.created
        case .dataset(let dataset): dataset.created
        case .bioSample(let bioSample): bioSample.created
        case .genome: nil
        }
    }

    /// When it was last changed, or made where the service says no more.
    public var modified: Timestamp? {
        switch self {
        case .project(let project): project.modified ?? project.created
        case .sample(let sample): sample.created
        case .appResult(let appResult): appResult.created
        case .appSession(let session): session.modified ?? session.created
        case .run(let run): run.modified ?? run.created
        case .dataset(let dataset): dataset.modified ?? dataset.created
        case .bioSample(let bioSample): bioSample.modified ?? bioSample.created
        case .genome: nil
        }
    }

    /// The container of its files; `nil` if it has none.
    public var container: FileContainer? {
        switch self {
        case .sample(let sample): .sample(sample.id)
        case .appResult(let appResult): .appResult(appResult.id)
        case .run(let run): .run(run.id)
        case .dataset(let dataset): .dataset(dataset.id)
        case .project, .appSession, .bioSample, .genome: nil
        }
    }
}

/// Kind and id of an entity: what tells it from every other one of the account.
public struct EntityKey: Hashable, Sendable, CustomStringConvertible {
    /// What kind it is.
    public let kind: EntityKind
    /// Its id.
    public let id: EntityID

    /// Names an entity.
    public init(kind: EntityKind, id: EntityID) {
        self.kind = kind
        self.id = id
    }

    /// `sample 17`.
    public var description: String { "\(kind.rawValue) \(id)" }
}
