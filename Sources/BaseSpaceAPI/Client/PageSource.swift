internal import HTTPTransport

/// A collection, fetched by pages.
///
/// Child tasks only wait for replies, which are read where the pages are handed over, one after the other: what a page is
/// made of is made, used and thrown away on one thread. Read by the tasks that ask, six replies would keep all threads of
/// the pool from sending the next requests.
struct PageSource<Item: Decodable & Sendable>: Sendable {
    let client: BaseSpaceClient
    let segments: [String]
    let query: [(String, String)]
    let sortBy: String?
    /// A reader of such items that is quicker than `JSONDecoder`, and leaves to it what it doesn't know.
    let reader: Reader?

    /// Hands over the items in a reply. `nil` is for a reply that is left to `JSONDecoder`; what was handed over by then is
    /// what that one finds first.
    typealias Reader = @Sendable (_ reply: [UInt8], _ receive: (borrowing Item) -> Void) -> PageCounts?

    private typealias Reply = (part: Range<Int>, result: Result<HTTPResponse, BaseSpaceError>)

    /// Pages that are asked for or wait for their turn: as many as the limiter lets out, and as many again.
    private static var window: Int { 12 }

    /// Hands over all items, the pages after the first fetched in parallel.
    ///
    /// When an item vanishes meanwhile, those after it move up, and the one that stood at the head of a page that was not
    /// there yet is on none: all pages are fetched once more then, and most items come twice.
    ///
    /// When one comes in between, those after it move down: what stands past the end that the first page told is asked for then.
    ///
    /// - Parameter expected: How many items there may be.
    func eachItem(expecting expected: Int, _ receive: (borrowing Item) -> Void) async throws(BaseSpaceError) {
        var expected = expected
        for _ in 0..<Self.passes {
            guard case let shrunk? = try await pass(expecting: expected, receive) else { return }
            expected = shrunk
        }
    }

    /// How often a list is fetched that never stops losing items.
    private static var passes: Int { 3 }

    /// - Returns: How many items were left, if some vanished meanwhile.
    private func pass(
        expecting expected: Int,
        _ receive: (borrowing Item) -> Void
    ) async throws(BaseSpaceError) -> Int? {
        let outcome = await withTaskGroup(of: Reply.self) { group -> Result<Int?, BaseSpaceError> in
            // What is on its way and not needed.
            defer { group.cancelAll() }
            var plan = PagePlan(expecting: expected)
            for guess in plan.guesses {
                ask(for: guess, in: &group)
            }
            do throws(BaseSpaceError) {
                let reply = try await client.response(endpoint(PagePlan.first))
                for guess in plan.guess(from: PageTail(of: reply.body), upTo: Self.window) {
                    ask(for: guess, in: &group)
                }
                let first = try handOver(PagePlan.first, in: reply, receive)
                // A total of less than the first page has is none.
                guard let total = first.total, total >= first.items else {
                    group.cancelAll()
                    try await pagesToTheEnd(after: first, receive)
                    return .success(nil)
                }
                plan.begin(count: first.items, limit: first.limit, total: total)
                let least = try await handOverRest(&plan, of: &group, receive)
                return .success(least < total ? least : nil)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Hands over what is after the first page, in its order.
    ///
    /// - Returns: The least number of items that one of the parts told.
    private func handOverRest(
        _ plan: inout PagePlan,
        of group: inout TaskGroup<Reply>,
        _ receive: (borrowing Item) -> Void
    ) async throws(BaseSpaceError) -> Int {
        var (least, most) = (Int.max, 0)
        var asked = plan.rightGuesses
        func askOn(in group: inout TaskGroup<Reply>) {
            while asked.count < Self.window, let part = plan.next() {
                ask(for: part, in: &group)
                asked.append(part)
            }
        }
        // Those whose turn has not come.
        var early: [Range<Int>: HTTPResponse] = [:]
        repeat {
            askOn(in: &group)
            while let part = asked.first {
                guard let reply = early.removeValue(forKey: part) else {
                    guard let (part, result) = await group.next() else { throw .undecodable("a page of a list") }
                    // What became of a wrong guess is of no interest.
                    early[part] = asked.contains(part) ? try result.get() : nil
                    continue
                }
                asked.removeFirst()
                askOn(in: &group)
                let page = try handOver(part, in: reply, receive)
                least = min(least, page.total ?? least)
                most = max(most, page.total ?? most)
                try await finish(part, after: page, total: plan.end, receive)
            }
        } while plan.grow(to: most)
        return least
    }

    /// Hands over what is missing of a part: the service cut it shorter than asked for, or answered before the collection had
    /// as many items as its first page says.
    private func finish(
        _ part: Range<Int>,
        after page: PageCounts,
        total: Int,
        _ receive: (borrowing Item) -> Void
    ) async throws(BaseSpaceError) {
        var (page, rest) = (page, part.dropFirst(page.items))
        while !rest.isEmpty, rest.lowerBound < max(total, page.total ?? 0) {
            page = try await handOver(rest, receive)
            if page.items == 0 {
                // Either the list is shorter by now, or what is missing must not be taken for what is not there.
                guard page.total.map({ $0 <= rest.lowerBound }) ?? true else {
                    throw .undecodable("the page of a list from item \(rest.lowerBound) on")
                }
                return
            }
            rest = rest.dropFirst(page.items)
        }
    }

    /// Hands over the pages after a first one that doesn't tell how many there are.
    private func pagesToTheEnd(
        after first: PageCounts,
        _ receive: (borrowing Item) -> Void
    ) async throws(BaseSpaceError) {
        var last = first
        var offset = first.items
        // A page is the last one when it is shorter than the service says its pages are; if it doesn't say, an empty one.
        while last.items > 0, last.items >= (last.limit ?? 1) {
            last = try await handOver(offset..<offset + (last.limit ?? first.items), receive)
            offset += last.items
        }
    }

    // MARK: One page

    private func ask(for part: Range<Int>, in group: inout TaskGroup<Reply>) {
        group.addTask {
            do throws(BaseSpaceError) {
                return (part, .success(try await client.response(endpoint(part))))
            } catch {
                return (part, .failure(error))
            }
        }
    }

    private func handOver(
        _ part: Range<Int>,
        _ receive: (borrowing Item) -> Void
    ) async throws(BaseSpaceError) -> PageCounts {
        try handOver(part, in: try await client.response(endpoint(part)), receive)
    }

    private func handOver(
        _ part: Range<Int>,
        in response: HTTPResponse,
        _ receive: (borrowing Item) -> Void
    ) throws(BaseSpaceError) -> PageCounts {
        var count = 0
        let counts = reader?(response.body) { item in
            count += 1
            receive(item)
        }
        if let counts { return counts }
        let page: Page<Item> = try client.decode(response, of: endpoint(part))
        guard page.items.count >= count else { throw .undecodable(endpoint(part).description) }
        for item in page.items.dropFirst(count) {
            receive(item)
        }
        return page.counts
    }

    private func endpoint(_ part: Range<Int>) -> Endpoint {
        let order = sortBy.map { [("SortBy", $0), ("SortDir", "Asc")] } ?? []
        let paging = [("Offset", String(part.lowerBound)), ("Limit", String(part.count))]
        return Endpoint.get(segments, query: query + order + paging)
    }
}
