/// What a property holds.
public enum PropertyValue: Hashable, Sendable {
    /// `string`.
    case text(String)
    /// `string[]`; the same text may be there more than once (SDK).
    case texts([String])
    /// `project`, `sample`, …: another entity.
    case reference(EntityReference)
    /// `project[]`, `sample[]`, …: entities of one kind, each once (SDK).
    case references(EntityKind, [EntityReference])
    /// `map`: keys, each with some values.
    case map(PropertyMap)
    /// `map[]`.
    case maps([PropertyMap])
    /// Any other type, or a value that is not in the shape known for its type. The JSON is that of the value alone, with
    /// its keys in alphabetical order.
    case unknown(type: String, json: String)

    /// The service's word for the type, as in `sample[]`.
    public var type: String {
        switch self {
        case .text: "string"
        case .texts: "string[]"
        case .reference(let reference): reference.kind.rawValue
        case .references(let kind, _): kind.rawValue + "[]"
        case .map: "map"
        case .maps: "map[]"
        case .unknown(let type, _): type
        }
    }

    /// How many values are here; `nil` when the type has only one or is not known.
    var count: Int? {
        switch self {
        case .texts(let texts): texts.count
        case .references(_, let references): references.count
        case .maps(let maps): maps.count
        case .text, .reference, .map, .unknown: nil
        }
    }
}

/// A `map`: an ordered list of keys with their values.
public struct PropertyMap: Hashable, Sendable {
    /// A key with its values.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public var key: String
        /// Its values, none or more.
        public var values: [String]

        /// Creates an entry.
        public init(_ key: String, _ values: [String]) {
            self.key = key
            self.values = values
        }
    }

    /// The entries in the service's order. It refuses to take a key twice (SDK).
    public var entries: [Entry]

    /// Creates a map.
    public init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// The values of a key; `nil` when it is not there.
    public subscript(key: String) -> [String]? {
        entries.first { $0.key == key }?.values
    }
}

/// Another entity, as a property names it.
public struct EntityReference: Hashable, Sendable {
    /// What kind of entity it is.
    public var kind: EntityKind
    /// Its id.
    public var id: EntityID
    /// Its name, if the service told it. Of a run it is the instrument's folder.
    public var name: String?

    /// Creates a reference. A name is not needed for setting a property.
    public init(_ kind: EntityKind, _ id: EntityID, name: String? = nil) {
        self.kind = kind
        self.id = id
        self.name = name
    }
}
