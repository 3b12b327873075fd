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
        try await eachPage(of: segments, query: query, sortBy: sortBy) { merged.append($0) }
        return merged.items
    }

    /// All pages of a collection, one after the other and in its order, each handed over as soon as those before it are
    /// there. Items that are added or removed meanwhile shift the pages, and an item may come twice.
    ///
    /// - Parameter expected: How many items there may be. Their pages are asked for together with the first one, which
    ///   tells how many there are: a page expected in vain is a call in vain.
    func eachPage<Item: Decodable & Sendable>(
        of segments: [String],
        query: [(String, String)] = [],
        sortBy: String? = "Id",
        expecting expected: Int = 0,
        _ receive: ([Item]) -> Void
    ) async throws(BaseSpaceError) {
        let source = PageSource<Item>(client: self, segments: segments, query: query, sortBy: sortBy)
        try await source.eachPage(expecting: expected, receive)
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
///
/// Child tasks only wait for replies. They are read where the pages are handed over, one after the other: what a page is
/// made of is made, used and thrown away on one thread, and there is always another one to send the next request.
private struct PageSource<Item: Decodable & Sendable>: Sendable {
    let client: BaseSpaceClient
    let segments: [String]
    let query: [(String, String)]
    let sortBy: String?

    /// Where a page begins, and what came of asking for it.
    private typealias Reply = (offset: Int, result: Result<HTTPResponse, BaseSpaceError>)

    /// The size of a page. Some collections take 1024, files 1000; more is cut without a word.
    private static var pageSize: Int { 1000 }

    /// Ten times the longest list of files that was ever heard of; a reply that claims more must not cost memory.
    private static var longestCollection: Int { 10_000_000 }

    /// Pages that are asked for or wait for their turn: as many as the limiter lets out, and as many again.
    private static var window: Int { 12 }

    private func endpoint(_ range: Range<Int>) -> Endpoint {
        let order = sortBy.map { [("SortBy", $0), ("SortDir", "Asc")] } ?? []
        let paging = [("Offset", String(range.lowerBound)), ("Limit", String(range.count))]
        return Endpoint.get(segments, query: query + order + paging)
    }

    private func page(_ range: Range<Int>) async throws(BaseSpaceError) -> Page<Item> {
        try page(range, in: try await client.response(endpoint(range)))
    }

    private func page(_ range: Range<Int>, in response: HTTPResponse) throws(BaseSpaceError) -> Page<Item> {
        if Item.self == RemoteFile.self, let page = FilePageReader.page(in: response.body) as? Page<Item> {
            return page
        }
        return try client.decode(response, of: endpoint(range))
    }

    /// Hands over all pages, those after the first fetched in parallel.
    func eachPage(expecting expected: Int, _ receive: ([Item]) -> Void) async throws(BaseSpaceError) {
        let failure = await withTaskGroup(of: Reply.self) { group -> BaseSpaceError? in
            // What is on its way and not needed.
            defer { group.cancelAll() }
            let guesses = Self.pages(from: Self.pageSize, to: expected).prefix(Self.window - 1)
            for guess in guesses {
                ask(for: guess, in: &group)
            }
            do throws(BaseSpaceError) {
                let first = try await page(0..<Self.pageSize)
                guard let total = first.totalCount.map({ min($0, Self.longestCollection) }) else {
                    receive(first.items)
                    try await pagesToTheEnd(after: first, receive)
                    return nil
                }
                let parts = Self.parts(after: first, total: total, guesses: Array(guesses))
                try await handOver(first.items, parts, asked: Set(guesses), of: &group, receive)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Whole pages that reach to an end.
    private static func pages(from start: Int, to end: Int) -> [Range<Int>] {
        stride(from: start, to: min(end, longestCollection), by: pageSize).map { $0..<$0 + pageSize }
    }

    /// What a first page leaves of a collection, as far as it goes in the pages that were asked for already.
    private static func parts(after first: Page<Item>, total: Int, guesses: [Range<Int>]) -> [Range<Int>] {
        let count = first.items.count
        // A first page of one item must not make a million calls of the rest: the service cuts what is too long.
        let step = max(count, min(first.limit ?? 1, pageSize))
        guard let guessed = guesses.last else { return parts(from: count, to: total, step: step) }
        return parts(from: count, to: min(total, pageSize), step: step) + guesses.filter { $0.lowerBound < total }
            + parts(from: guessed.upperBound, to: total, step: step)
    }

    private static func parts(from start: Int, to end: Int, step: Int) -> [Range<Int>] {
        guard step > 0 else { return [] }
        return stride(from: start, to: end, by: step).map { $0..<min($0 + step, end) }
    }

    private func ask(for part: Range<Int>, in group: inout TaskGroup<Reply>) {
        group.addTask {
            do throws(BaseSpaceError) {
                return (part.lowerBound, .success(try await client.response(endpoint(part))))
            } catch {
                return (part.lowerBound, .failure(error))
            }
        }
    }

    /// Hands over a first page and the parts after it, in their order, and asks for those that nobody asked for yet.
    private func handOver(
        _ first: [Item],
        _ parts: [Range<Int>],
        asked: Set<Range<Int>>,
        of group: inout TaskGroup<Reply>,
        _ receive: ([Item]) -> Void
    ) async throws(BaseSpaceError) {
        var unasked = parts.filter { !asked.contains($0) }[...]
        for part in unasked.prefix(Self.window - asked.count) {
            ask(for: part, in: &group)
        }
        unasked = unasked.dropFirst(Self.window - asked.count)
        receive(first)
        // Those whose turn has not come.
        var early: [Int: Result<HTTPResponse, BaseSpaceError>] = [:]
        for part in parts {
            while early[part.lowerBound] == nil, let (offset, result) = await group.next() {
                early[offset] = result
            }
            let reply = try early.removeValue(forKey: part.lowerBound)?.get()
            if let next = unasked.popFirst() {
                ask(for: next, in: &group)
            }
            let page = if let reply { try page(part, in: reply) } else { try await page(part) }
            receive(page.items)
            try await finish(part, after: page, receive)
        }
    }

    /// Hands over what is missing of a part, when the service cuts pages shorter than asked for.
    private func finish(
        _ part: Range<Int>,
        after page: Page<Item>,
        _ receive: ([Item]) -> Void
    ) async throws(BaseSpaceError) {
        var (page, rest) = (page, part.dropFirst(page.items.count))
        while !page.items.isEmpty, !rest.isEmpty, rest.startIndex < page.totalCount ?? .max {
            page = try await self.page(rest.startIndex..<rest.endIndex)
            receive(page.items)
            rest = rest.dropFirst(page.items.count)
        }
    }

    /// Hands over the pages after a first one that doesn't tell how many there are.
    private func pagesToTheEnd(after first: Page<Item>, _ receive: ([Item]) -> Void) async throws(BaseSpaceError) {
        var last = first
        var offset = first.items.count
        // A page is the last one when it is shorter than the service says its pages are; if it doesn't say, an empty one.
        while !last.items.isEmpty, last.items.count >= (last.limit ?? 1) {
            last = try await page(offset..<offset + (last.limit ?? first.items.count))
            receive(last.items)
            offset += last.items.count
        }
    }
}
