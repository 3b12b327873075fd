internal import HTTPTransport

extension BaseSpaceClient {
    /// The size of a page. Some collections take 1024, files 1000; more is cut without a word.
    private static let pageSize = 1000

    /// Ten times the longest list of files that was ever heard of; a reply that claims more must not cost memory.
    private static let longestCollection = 10_000_000

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
        try await eachPage(of: segments, query: query, sortBy: sortBy) { merged.append($0) }
        return merged.items
    }

    /// All pages of a collection, one after the other and in its order, each handed over as soon as those before it are
    /// there. Items that are added or removed meanwhile shift the pages, and an item may come twice.
    func eachPage<Item: Decodable & Sendable>(
        of segments: [String],
        query: [(String, String)] = [],
        sortBy: String? = "Id",
        _ receive: ([Item]) -> Void
    ) async throws(BaseSpaceError) {
        let source = PageSource<Item>(client: self, segments: segments, query: query, sortBy: sortBy)
        let first = try await source.page(at: 0, limit: Self.pageSize)
        let count = first.items.count
        guard let total = first.totalCount.map({ min($0, Self.longestCollection) }) else {
            receive(first.items)
            return try await source.pagesToTheEnd(after: first, receive)
        }
        // A first page of one item must not make a million calls of the rest: the service cuts what is too long.
        let step = max(count, min(first.limit ?? 1, Self.pageSize))
        try await source.pages(in: count..<max(count, total), step: step, after: first.items, receive)
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

    mutating func append(_ page: [Item]) {
        for item in page where id(item).map({ isNew($0) }) ?? true {
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

/// A collection, fetched by pages.
private struct PageSource<Item: Decodable & Sendable>: Sendable {
    let client: BaseSpaceClient
    let segments: [String]
    let query: [(String, String)]
    let sortBy: String?

    func page(at offset: Int, limit: Int) async throws(BaseSpaceError) -> Page<Item> {
        let order = sortBy.map { [("SortBy", $0), ("SortDir", "Asc")] } ?? []
        let paging = [("Offset", String(offset)), ("Limit", String(limit))]
        let endpoint = Endpoint.get(segments, query: query + order + paging)
        guard Item.self == RemoteFile.self else { return try await client.value(endpoint) }
        let response = try await client.response(endpoint)
        if let page = FilePageReader.page(in: response.body) as? Page<Item> { return page }
        return try client.decode(response, of: endpoint)
    }

    /// Hands over a first page and those of a range that is known to exist, of `step` items each and fetched in parallel. The
    /// limiter sees to it that they don't all go out at once.
    func pages(
        in range: Range<Int>,
        step: Int,
        after first: [Item],
        _ receive: ([Item]) -> Void
    ) async throws(BaseSpaceError) {
        let starts = step > 0 ? Array(stride(from: range.lowerBound, to: range.upperBound, by: step)) : []
        let parts = starts.map { $0..<min($0 + step, range.upperBound) }
        let failure = await withTaskGroup { group -> BaseSpaceError? in
            for (index, part) in parts.enumerated() {
                group.addTask { (index, await sequentially(part)) }
            }
            receive(first)
            // Those that came before their turn.
            var early = [[Item]?](repeating: nil, count: parts.count)
            var next = 0
            for await (index, result) in group {
                switch result {
                case .success(let items): early[index] = items
                case .failure(let error):
                    group.cancelAll()
                    return error
                }
                while next < parts.count, let items = early[next].take() {
                    receive(items)
                    next += 1
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Hands over the pages after a first one that doesn't tell how many there are.
    func pagesToTheEnd(after first: Page<Item>, _ receive: ([Item]) -> Void) async throws(BaseSpaceError) {
        var last = first
        var offset = first.items.count
        // A page is the last one when it is shorter than the service says its pages are; if it doesn't say, an empty one.
        while !last.items.isEmpty, last.items.count >= (last.limit ?? 1) {
            last = try await page(at: offset, limit: last.limit ?? first.items.count)
            receive(last.items)
            offset += last.items.count
        }
    }

    /// A range by one page, or by several when the service cuts them shorter than asked for.
    private func sequentially(_ range: Range<Int>) async -> Result<[Item], BaseSpaceError> {
        var items: [Item] = []
        do throws(BaseSpaceError) {
            while items.count < range.count {
                let page = try await page(at: range.lowerBound + items.count, limit: range.count - items.count)
                if page.items.isEmpty { break }
                items += page.items
            }
            return .success(items)
        } catch {
            return .failure(error)
        }
    }
}
