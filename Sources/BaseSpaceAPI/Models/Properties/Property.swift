/// A named value that is attached to an entity.
public struct Property: Sendable, Hashable {
    /// The name, as in `Input.Samples`; an entity has each name once at most.
    public var name: String
    /// What it is about.
    public var description: String?
    /// What it holds. Lists may be cut: see `isCut`.
    public var value: PropertyValue
    /// How many values the list has at the service; only lists tell.
    public var totalCount: Int?
    /// How many values of the list the service counts and does not show: `null` stands for each.
    public var hiddenCount = 0
    /// When it was last changed; only a property that was asked for by name tells (SDK).
    public var modified: Timestamp?
    /// The service's link to it.
    public var href: String?

    /// Creates a property.
    public init(
        name: String,
        description: String? = nil,
        value: PropertyValue,
        totalCount: Int? = nil,
        modified: Timestamp? = nil,
        href: String? = nil
    ) {
        self.name = name
        self.description = description
        self.value = value
        self.totalCount = totalCount
        self.modified = modified
        self.href = href
    }

    /// Whether there are more values at the service than here: it shows fewer than 100 where it shows a property inside
    /// something else (SDK).
    public var isCut: Bool {
        guard let count = value.count, let totalCount else { return false }
        return totalCount > count + hiddenCount
    }
}

extension EntityKind {
    /// Why properties of such an entity can't be changed, in a sentence; `nil` when they can.
    ///
    /// What v2 alone knows has calls that read its properties, and none that set or remove one (Swagger).
    public var propertyFault: String? {
        switch self {
        case .project, .sample, .appResult, .run, .file, .appSession: nil
        case .dataset, .bioSample, .genome:
            "the properties of a \(rawValue) can be read and not changed: the API has no call for that"
        }
    }
}

/// What has properties.
public struct PropertyOwner: Hashable, Sendable {
    /// What kind of entity it is. v1pre3 has properties on projects, samples, AppResults, runs, sessions and files (SDK), v2
    /// also on datasets and biosamples (Swagger).
    public var kind: EntityKind
    /// Its id.
    public var id: EntityID

    /// Creates an owner.
    public init(_ kind: EntityKind, _ id: EntityID) {
        self.kind = kind
        self.id = id
    }

    /// The path of its properties.
    var segments: [String] { kind.segments(id) + ["properties"] }
}
