public import BaseSpaceAPI

extension EntityKind {
    /// The kinds that have places in the tree, and so a directory in `.by-id/`.
    static let places: [EntityKind] = [
        .project, .sample, .appResult, .appSession, .run, .dataset, .bioSample, .genome, .file,
    ]

    /// The word in `.type` and in `.by-id/`, as in BaseMount.
    public var plural: String { rawValue + "s" }

    /// The kind of that plural; `nil` for any other word.
    public init?(plural: some StringProtocol) {
        guard plural.hasSuffix("s") else { return nil }
        self.init(rawValue: String(plural.dropLast()))
    }

    /// How many directories below the root the directory of an entity stands.
    var depth: Int {
        switch self {
        case .project, .run, .appSession, .bioSample, .genome: 2
        case .sample, .appResult, .dataset: 4
        // At least; files are not referred to from, only to.
        case .file: 5
        }
    }
}

extension EntityKey {
    /// The entity's path in the API, without a slash in front: `v1pre3/samples/17`.
    public var href: String { kind.href(id) }

    /// The way to the entity from a directory so far below the root.
    func link(fromDepth depth: Int) -> String {
        String(repeating: "../", count: depth) + ".by-id/\(kind.plural)/\(id)"
    }
}
