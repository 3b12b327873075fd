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
    /// - Parameter maximum: 1024 for most lists, 1000 for files.
    init(_ parameters: Parameters, maximum: Int = 1024, sortKeys: [String] = ["Id", "Name", "DateCreated"]) {
        offset = max(0, parameters["Offset"].flatMap { Int($0) } ?? 0)
        limit = min(maximum, max(0, parameters["Limit"].flatMap { Int($0) } ?? Self.defaultLimit))
        let wanted = parameters["SortBy"]?.lowercased()
        sortBy = sortKeys.first { $0.lowercased() == wanted } ?? "Id"
        isDescending = parameters["SortDir"]?.lowercased() == "desc"
    }

    /// The entities of this page, in its order. Names sort without regard to case; ids break ties.
    func select<Element: Entity>(from entities: [Element], path: (Element) -> String = { $0.name }) -> [Element] {
        var sorted: [Element]
        switch sortBy {
        case "Name", "Path":
            let keyed = entities.map { (key: path($0).lowercased(), element: $0) }
            sorted = keyed.sorted { ($0.key, $0.element.id) < ($1.key, $1.element.id) }.map(\.element)
        case "DateCreated":
            sorted = entities.sorted { ($0.created, $0.id) < ($1.created, $1.id) }
        default:
            sorted = entities.sorted { $0.id < $1.id }
        }
        if isDescending { sorted.reverse() }
        return Array(sorted.dropFirst(offset).prefix(limit))
    }
}
