/// Which pages of a collection are asked for, and in what order. Pure: `PageSource` asks.
///
/// The first page tells how many items there are. Those after it that are expected are asked for at the same time, before
/// it has told:
///
///     first page    0..<1000
///     guesses                1000..<2000   2000..<3000     as many as are expected, five at most; more once the end
///                                                           of the first page is there
///     parts                  1000..<2000   2000..<2345     what there is: guesses that were right, then the others
struct PagePlan {
    /// The size of a page. Some collections take 1024, files 1000; more is cut without a word.
    static let pageSize = 1000

    /// The page that is asked for first.
    static let first = 0..<pageSize

    /// Ten times the longest list of files that was ever heard of; a reply that claims more must not cost memory.
    private static let longestCollection = 10_000_000

    /// One less than the calls that may be under way: the first page must never wait behind what may be in vain.
    private static let mostGuesses = 5

    /// The pages that are asked for with the first one.
    private(set) var guesses: [Range<Int>]
    /// The guesses that were right, once the first page is there.
    private(set) var rightGuesses: [Range<Int>] = []
    /// Items in the collection, once the first page is there.
    private(set) var end = 0
    private var position = 0
    private var step = pageSize

    /// A plan for a collection of about so many items, as far as anybody knows.
    init(expecting count: Int) {
        let starts = stride(from: Self.pageSize, to: min(count, Self.longestCollection), by: Self.pageSize)
        guesses = starts.prefix(Self.mostGuesses).map { $0..<$0 + Self.pageSize }
    }

    /// Further guesses, when a first page is there and not read.
    ///
    /// - Parameter limit: How many guesses there may be in all.
    /// - Returns: The new ones.
    mutating func guess(from tail: PageTail?, upTo limit: Int) -> [Range<Int>] {
        // Where a page is cut, no guess is right.
        guard let tail, tail.limit == Self.pageSize else { return [] }
        let next = guesses.last?.upperBound ?? Self.pageSize
        let starts = stride(from: next, to: min(tail.total, Self.longestCollection), by: Self.pageSize)
        let new = starts.prefix(max(0, limit - guesses.count)).map { $0..<$0 + Self.pageSize }
        guesses += new
        return new
    }

    /// Goes on from a first page that tells how many items there are.
    mutating func begin(count: Int, limit: Int?, total: Int) {
        // Nothing comes after an empty page, whatever it says.
        end = count == 0 ? 0 : min(total, Self.longestCollection)
        // A first page of one item must not make a million calls of the rest: the service cuts what is too long.
        step = max(count, min(limit ?? Self.pageSize, Self.pageSize))
        position = count
        // Where a page is cut, the guesses are as well, and don't begin where it ends: all is asked for in smaller parts.
        guard count == Self.pageSize else { return }
        rightGuesses = guesses.filter { $0.lowerBound < end }
        position = rightGuesses.last?.upperBound ?? position
    }

    /// How often a plan is made longer: a run that grows all the time is listed to an end that was one.
    private static let mostGrowths = 3
    private var growths = 0

    /// Goes on to a later end that a page has told of, once all parts are there. What came in between has moved the last items
    /// past the end that the first page told.
    ///
    /// - Returns: Whether there is more to ask for.
    mutating func grow(to total: Int) -> Bool {
        guard total > end, growths < Self.mostGrowths else { return false }
        growths += 1
        end = min(total, Self.longestCollection)
        return position < end
    }

    /// The next part to be asked for, after the right guesses.
    mutating func next() -> Range<Int>? {
        guard position < end else { return nil }
        let part = position..<min(position + step, end)
        position = part.upperBound
        return part
    }
}
