internal import HTTPTransport

extension BaseSpaceClient {
    /// All items of a collection, each once.
    ///
    /// - Parameters:
    ///   - sortBy: What the service orders them by. Ids and dates of creation stay in order while items are added. `nil`
    ///     where no such order is known: the service's own one then.
    ///   - id: What tells items apart; those without one are all kept.
    func collection<Item: Decodable & Sendable>(
        _ segments: [String],
        query: [(String, String)] = [],
        sortBy: String? = "Id",
        id: @escaping @Sendable (Item) -> EntityID?
    ) async throws(BaseSpaceError) -> [Item] {
        var merged = MergedPages(id: id)
        try await eachItem(of: segments, query: query, sortBy: sortBy) { merged.append($0) }
        return merged.items
    }

    /// All items of a collection, in its order, each handed over as soon as its page and those before it are there. Items that
    /// are added or removed meanwhile shift the pages, and an item may come twice.
    ///
    /// - Parameters:
    ///   - expected: How many items there may be. Some of their pages are asked for together with the first one, which
    ///     tells how many there are: a page expected in vain is a call in vain. (`PagePlan`)
    ///   - reader: What reads such items from a reply in less time than `JSONDecoder`, if there is something.
    func eachItem<Item: Decodable & Sendable>(
        of segments: [String],
        query: [(String, String)] = [],
        sortBy: String? = "Id",
        expecting expected: Int = 0,
        reader: PageSource<Item>.Reader? = nil,
        _ receive: (borrowing Item) -> Void
    ) async throws(BaseSpaceError) {
        let source = PageSource(client: self, segments: segments, query: query, sortBy: sortBy, reader: reader)
        try await source.eachItem(expecting: expected, receive)
    }
}

/// The items of a collection's pages, each once.
struct MergedPages<Item> {
    private(set) var items: [Item] = []
    private let id: (Item) -> EntityID?
    private var last: EntityID?
    /// Those that came; not kept as long as each is greater than the one before it.
    private var seen: Set<EntityID>?

    /// - Parameter id: What tells items apart; those without one are all kept.
    init(id: @escaping (Item) -> EntityID?) {
        self.id = id
    }

    mutating func append(_ item: Item) {
        if id(item).map({ isNew($0) }) ?? true {
            items.append(item)
        }
    }

    private mutating func isNew(_ id: EntityID) -> Bool {
        if seen == nil {
            guard let last, !(last < id) else {
                last = id
                return true
            }
            seen = Set(items.compactMap(self.id))
        }
        return seen?.insert(id).inserted ?? true
    }
}
