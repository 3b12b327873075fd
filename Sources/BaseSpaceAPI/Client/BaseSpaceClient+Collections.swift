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
        let source = PageSource<Item>(client: self, segments: segments, query: query, sortBy: sortBy)
        let first = try await source.page(at: 0, limit: Self.pageSize)
        let count = first.items.count
        var pages: [[Item]]
        if let total = first.totalCount.map({ min($0, Self.longestCollection) }) {
            // A first page of one item must not make a million calls of the rest: the service cuts what is too long.
            pages = try await source.pages(
                in: count..<max(count, total),
                step: max(count, min(first.limit ?? 1, Self.pageSize))
            )
        } else {
            pages = [try await source.itemsToTheEnd(after: first)]
        }
        pages.insert(first.items, at: 0)
        // Items that were added or removed meanwhile shift the pages, and an item may come twice. Each page goes when it is
        // done with: a run's list is large enough to be there once only.
        var items: [Item] = []
        items.reserveCapacity(pages.reduce(0) { $0 + $1.count })
        var seen: Set<EntityID> = []
        pages.reverse()
        seen.reserveCapacity(items.capacity)
        while let page = pages.popLast() {
            for item in page where id(item).map({ seen.insert($0).inserted }) ?? true {
                items.append(item)
            }
        }
        return items
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

    /// The items of a range that is known to exist, pages of `step` in parallel. The limiter sees to it that they don't
    /// all go out at once.
    func pages(in range: Range<Int>, step: Int) async throws(BaseSpaceError) -> [[Item]] {
        guard !range.isEmpty, step > 0 else { return [] }
        let parts = stride(from: range.lowerBound, to: range.upperBound, by: step).map { start in
            start..<min(start + step, range.upperBound)
        }
        let results = await withTaskGroup { group in
            for (index, part) in parts.enumerated() {
                group.addTask { (index, await sequentially(part)) }
            }
            var results = [Result<[Item], BaseSpaceError>?](repeating: nil, count: parts.count)
            for await (index, result) in group {
                results[index] = result
                if case .failure = result {
                    group.cancelAll()
                    return [result]
                }
            }
            return results.compactMap { $0 }
        }
        var pages: [[Item]] = []
        for result in results {
            pages.append(try result.get())
        }
        return pages
    }

    /// The items after a first page that doesn't tell how many there are.
    func itemsToTheEnd(after first: Page<Item>) async throws(BaseSpaceError) -> [Item] {
        var items: [Item] = []
        var last = first
        var offset = first.items.count
        // A page is the last one when it is shorter than the service says its pages are; if it doesn't say, an empty one.
        while !last.items.isEmpty, last.items.count >= (last.limit ?? 1) {
            last = try await page(at: offset, limit: last.limit ?? first.items.count)
            items += last.items
            offset += last.items.count
        }
        return items
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
