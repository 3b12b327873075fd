/// A named value on an entity.
struct Property: Sendable {
    /// What a value or an item of a list is.
    enum Content: Hashable, Sendable {
        case text(String)
        case reference(EntityID)
        case map([MapEntry])
    }

    /// A key of a map and its values.
    struct MapEntry: Hashable, Sendable {
        var key: String
        var values: [String]
    }

    /// An item of a list; ids let a client page through it.
    struct Item: Sendable {
        var id: Int64
        var content: Content
    }

    /// `string`, `sample`, `map`, …
    enum Kind: Hashable, Sendable {
        case string
        case map
        case reference(EntityKind)

        var name: String {
            switch self {
            case .string: "string"
            case .map: "map"
            case .reference(let kind): kind.type
            }
        }

        init?(name: String) {
            switch name.lowercased() {
            case "string": self = .string
            case "map": self = .map
            default:
                guard let kind = EntityKind(type: name) else { return nil }
                self = .reference(kind)
            }
        }
    }

    var name: String
    var description: String
    var kind: Kind
    /// Whether it is a list, whose type ends with `[]`.
    var isList: Bool
    /// Exactly one unless it is a list.
    var items: [Item]
    var modified: ServiceDate

    /// As the service writes it: `sample[]`.
    var type: String { isList ? "\(kind.name)[]" : kind.name }
}

extension Model {
    /// The properties of an entity in the order in which they were first set.
    func properties(of entity: EntityID) -> [Property] { properties[entity] ?? [] }

    /// Sets a property, in the place of one of the same name. The items get ids of their own.
    mutating func set(_ property: Property, on entity: EntityID) {
        var property = property
        for index in property.items.indices {
            property.items[index].id = makeID()
        }
        var all = properties[entity] ?? []
        if let index = all.firstIndex(where: { $0.name == property.name }) {
            all[index] = property
        } else {
            all.append(property)
        }
        properties[entity] = all
    }

    /// Removes a property: false if there is none of that name.
    mutating func removeProperty(named name: String, of entity: EntityID) -> Bool {
        guard let index = properties[entity]?.firstIndex(where: { $0.name == name }) else { return false }
        properties[entity]?.remove(at: index)
        return true
    }
}
