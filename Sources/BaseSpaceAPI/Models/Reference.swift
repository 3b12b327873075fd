/// What an AppResult was made from. The service calls such references deprecated in favour of properties, and still
/// shows them.
public enum Reference: Hashable, Sendable {
    /// A sample.
    case sample(EntityID)
    /// Another AppResult.
    case appResult(EntityID)
    /// A project.
    case project(EntityID)
    /// A file.
    case file(EntityID)

    /// The service's link to it.
    var href: String {
        switch self {
        case .sample(let id): "v1pre3/samples/\(id)"
        case .appResult(let id): "v1pre3/appresults/\(id)"
        case .project(let id): "v1pre3/projects/\(id)"
        case .file(let id): "v1pre3/files/\(id)"
        }
    }

    /// The service's name for its kind.
    var type: String {
        switch self {
        case .sample: "Sample"
        case .appResult: "AppResult"
        case .project: "Project"
        case .file: "File"
        }
    }
}

extension Reference {
    /// An entity inside another, of which only the id matters.
    struct Target: Decodable {
        let id: EntityID

        init(from decoder: any Decoder) throws {
            id = try Fields(decoder).id()
        }
    }
}
