/// The part of a list that a client asked for.
struct Page: Sendable {
    /// What the service gives a client that names no limit.
    static let defaultLimit = 10

    let offset: Int
    let limit: Int
    /// As the service spells it.
    let sortBy: String
    let isDescending: Bool

    /// Clamps what is out of range and falls back to `Id` for sort keys that the list doesn't have; the answer shows both.
    ///
    /// - Parameters:
    ///   - maximum: 1024 for most lists, 1000 for files.
    ///   - standard: the limit if the client names none.
    ///   - sortKeys: the first is what a client gets that names none.
    init(
        _ parameters: Parameters,
        maximum: Int = 1024,
        standard: Int = Self.defaultLimit,
        sortKeys: [String] = ["Id", "Name", "DateCreated"]
    ) {
        offset = max(0, parameters["Offset"].flatMap { Int($0) } ?? 0)
        limit = min(maximum, max(0, parameters["Limit"].flatMap { Int($0) } ?? standard))
        let wanted = parameters["SortBy"]?.lowercased()
        sortBy = sortKeys.first { $0.lowercased() == wanted } ?? sortKeys.first ?? "Id"
        isDescending = parameters["SortDir"]?.lowercased() == "desc"
    }

    /// The part of a sorted list that this page shows, in its order.
    func slice<Elements: RandomAccessCollection>(of list: Elements) -> [Elements.Element] {
        isDescending
            ? Array(list.reversed().dropFirst(offset).prefix(limit))
            : Array(list.dropFirst(offset).prefix(limit))
    }

    /// The entities of this page, in its order. Names sort without regard to case; ids break ties.
    ///
    /// - Parameters:
    ///   - entities: in the order of ids.
    ///   - key: what other sort keys than Id, Name and DateCreated sort by; numbers padded to one width.
    func select<Element: Entity>(
        from entities: [Element],
        by key: (Element, String) -> String = { element, _ in element.name }
    ) -> [Element] {
        switch sortBy {
        case "Id":
            return slice(of: entities)
        case "DateCreated":
            return slice(of: entities.sorted { ($0.created, $0.id) < ($1.created, $1.id) })
        default:
            let keyed = entities.map { (key: key($0, sortBy).lowercased(), element: $0) }
            return slice(of: keyed.sorted { ($0.key, $0.element.id) < ($1.key, $1.element.id) }).map(\.element)
        }
    }
}
