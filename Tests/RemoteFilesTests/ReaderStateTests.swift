import Testing

@testable import RemoteFiles

/// The state of the reader, without a thread, a clock or a byte.
@Suite final class ReaderStateTests {
    private let fixture: StateFixture
    private let content: Content
    private var state = ReaderState(connections: 4)
    private let now = ContinuousClock.now

    init() throws {
        // The least there is: two segments of the largest size.
        fixture = try StateFixture(memory: 4 << 20)
        content = fixture.content()
        state.open(content)
    }

    deinit {
        fixture.end()
    }

    private var pool: BufferPool { fixture.pool }

    private func wait(
        _ range: Range<Int64>,
        missing: [Range<Int64>]? = nil,
        of other: Content? = nil,
        id: UInt64? = nil,
        deadline: Duration = .seconds(60)
    ) -> [ReaderState.Action] {
        let id = id ?? state.nextID()
        let waiter = Waiter(id: id, range: range, reply: IgnoredReply(), deadline: now + deadline)
        return state.wait(waiter, of: other ?? content, missing: missing ?? [range], pool: pool)
    }

    /// Lets a GET run to its end and its bytes be stored.
    private func complete(_ get: StartedGet) -> [ReaderState.Action] {
        let finished = state.finished(segment: get.segment, of: get.content, pool: pool)
        return finished + state.settled(segment: get.segment, of: get.content, pool: pool)
    }

    private func places(_ range: Range<Int64>) -> [String] {
        state.read(range, of: content, memory: pool.limit).coverage.places
    }

    // MARK: Where bytes are

    @Test func whatNoSegmentHasIsOnDiskOrNowhere() {
        #expect(places(0..<4096) == ["disk"])
    }

    @Test func bytesAreHereFromTheMomentTheyLand() throws {
        let get = try #require(wait(0..<4 * block).starts.first)
        #expect(get.range == 0..<4 * block)
        #expect(places(0..<4096) == ["waiting"])
        _ = state.landed(upTo: block, segment: get.segment, of: content)
        #expect(places(0..<block) == ["memory 131072"])
        #expect(places(0..<block + 1) == ["waiting"])
        _ = complete(get)
        #expect(places(7..<4 * block) == ["memory 524281"])
    }

    @Test func aReadOfSeveralPlacesIsPutTogether() throws {
        let first = try #require(wait(block..<2 * block).starts.first)
        let second = try #require(wait(3 * block..<4 * block).starts.first)
        _ = complete(first)
        #expect(places(0..<3 * block) == ["disk 131072", "memory 131072", "disk 131072"])
        #expect(places(0..<3 * block + 1) == ["waiting"])
        _ = complete(second)
        #expect(places(2 * block - 5..<3 * block + 6) == ["memory 5", "disk 131072", "memory 6"])
        #expect(places(2 * block..<3 * block) == ["disk"])
    }

    @Test func aReadWaitsForTheLastOfItsSegments() throws {
        let id: UInt64 = 99
        let gets = wait(block..<4 * block, missing: [block..<2 * block, 3 * block..<4 * block], id: id).starts
        try #require(gets.count == 2)
        #expect(complete(gets[1]).delivered.isEmpty)
        let delivered = complete(gets[0]).delivered
        #expect(delivered.map(\.waiter) == [id])
        #expect(delivered.first?.coverage.places == ["memory 131072", "disk 131072", "memory 131072"])
    }

    @Test func whatIsUnderWayIsNotAskedForAgain() {
        #expect(wait(0..<block).starts.map(\.range) == [0..<block])
        #expect(wait(0..<block).starts.isEmpty)
        #expect(wait(0..<3 * block).starts.map(\.range) == [block..<3 * block])
    }

    @Test func noGetTakesMoreThanItsPartOfTheMemory() {
        let ranges = wait(0..<3 * mebibyte).starts.map(\.range)
        #expect(ranges == [0..<2 * mebibyte, 2 * mebibyte..<3 * mebibyte])
    }

    @Test func whatIsFetchedWithAReadIsOneGetWithIt() {
        let id: UInt64 = 99
        let gets = wait(block..<block + 1, missing: [block..<9 * block, 9 * block..<10 * block], id: id).starts
        #expect(gets.map(\.range) == [block..<9 * block, 9 * block..<10 * block])
        #expect(state.landed(upTo: 2 * block, segment: gets[0].segment, of: content).delivered.map(\.waiter) == [id])
    }

    // MARK: Who is next

    @Test func waitedForGoesBeforeAhead() throws {
        state = ReaderState(connections: 1)
        state.open(content)
        let first = try #require(wait(0..<block).starts.first)
        #expect(state.fetchAhead([block..<2 * block, 2 * block..<3 * block], of: content, pool: pool).isEmpty)
        #expect(wait(9 * block..<10 * block).isEmpty)
        let second = complete(first).starts
        #expect(second.map(\.range) == [9 * block..<10 * block])
        #expect(complete(second[0]).starts.map(\.range) == [block..<2 * block])
    }

    @Test func whatIsFetchedAheadGoesFirstOnceItIsWaitedFor() throws {
        state = ReaderState(connections: 1)
        state.open(content)
        let first = try #require(wait(0..<block).starts.first)
        _ = state.fetchAhead([block..<2 * block, 2 * block..<3 * block], of: content, pool: pool)
        #expect(wait(2 * block..<2 * block + 1, missing: [2 * block..<3 * block]).isEmpty)
        #expect(complete(first).starts.map(\.range) == [2 * block..<3 * block])
    }

    @Test func thereAreNoMoreGetsThanConnections() throws {
        let gets = (0..<6).flatMap { wait($0 * 2 * block..<($0 * 2 + 1) * block).starts }
        #expect(gets.count == 4)
        #expect(state.active == 4)
        #expect(complete(gets[2]).starts.count == 1)
    }

    // MARK: Memory

    @Test func memoryIsTakenFromWhatWasNotUsedForLongest() throws {
        let first = try #require(wait(0..<2 * mebibyte).starts.first)
        _ = complete(first)
        let second = try #require(wait(2 * mebibyte..<4 * mebibyte).starts.first)
        _ = complete(second)
        #expect(pool.used == 4 << 20)
        // The older one was used since.
        _ = places(0..<2 * mebibyte)
        #expect(wait(10 * mebibyte..<11 * mebibyte).starts.count == 1)
        #expect(places(0..<1) == ["memory 1"])
        #expect(places(2 * mebibyte..<2 * mebibyte + 1) == ["disk"])
    }

    @Test func whatIsOnItsWayToTheDiskIsNotTaken() throws {
        let gets = wait(0..<4 * mebibyte).starts
        try #require(gets.count == 2)
        for get in gets {
            #expect(state.finished(segment: get.segment, of: content, pool: pool).stores == 1)
        }
        #expect(wait(8 * mebibyte..<9 * mebibyte).starts.isEmpty)
        #expect(state.settled(segment: gets[1].segment, of: content, pool: pool).starts.count == 1)
        #expect(places(0..<1) == ["memory 1"])
    }

    @Test func whatAReadWaitsWithIsNotTakenWhileOthersMakeRoom() throws {
        let held = try #require(wait(0..<2 * mebibyte).starts.first)
        _ = complete(held)
        let busy = try #require(wait(10 * mebibyte..<12 * mebibyte).starts.first)
        #expect(wait(mebibyte..<3 * mebibyte, missing: [2 * mebibyte..<3 * mebibyte]).starts.isEmpty)
        #expect(places(0..<1) == ["memory 1"])
        // Whoever reads the bytes that have come has their buffer in hand for a moment.
        #expect(complete(busy).starts.isEmpty)
        #expect(state.admit(from: pool).starts.map(\.range) == [2 * mebibyte..<3 * mebibyte])
        #expect(places(0..<1) == ["memory 1"])
        #expect(places(10 * mebibyte..<10 * mebibyte + 1) == ["disk"])
    }

    @Test func idleMemoryIsLetGoOf() throws {
        _ = complete(try #require(wait(0..<block).starts.first))
        _ = places(0..<1)
        let tick = state.releaseIdle(since: 0)
        #expect(pool.used > 0)
        _ = state.releaseIdle(since: tick)
        #expect(state.contents[content]?.segments.isEmpty == true)
        #expect(pool.used == 0)
        #expect(state.shares == 0)
    }

    // MARK: Giving up

    private func start(_ get: StartedGet) throws {
        let fetch = try fixture.fetch(get.segment, of: get.content, range: get.range)
        let isWanted = state.started(fetch, segment: get.segment, of: get.content)
        #expect(isWanted)
    }

    @Test func theLastReaderEndsTheTransfer() throws {
        let get = try #require(wait(0..<mebibyte, id: 71).starts.first)
        try start(get)
        _ = wait(0..<block, missing: [], id: 72)
        #expect(state.cancel(71, of: content, pool: pool).failed == [71: .cancelled])
        #expect(state.active == 1)
        let actions = state.cancel(72, of: content, pool: pool)
        #expect(actions.failed == [72: .cancelled])
        #expect(actions.cancelled == [get.segment])
        #expect(state.active == 0)
        #expect(state.shares == 0)
        #expect(state.cancel(72, of: content, pool: pool).isEmpty)
        // What the transfer says afterwards is about nothing.
        #expect(state.finished(segment: get.segment, of: content, pool: pool).isEmpty)
        #expect(state.active == 0)
    }

    @Test func aTransferWithLittleLeftRunsOn() throws {
        let get = try #require(wait(0..<mebibyte, id: 71).starts.first)
        try start(get)
        _ = state.landed(upTo: 6 * block, segment: get.segment, of: content)
        #expect(state.cancel(71, of: content, pool: pool).cancelled.isEmpty)
        #expect(state.active == 1)
        #expect(complete(get).stores == 1)
    }

    @Test func whatAStreamWantsRunsOn() throws {
        for index in 0..<8 {
            _ = state.read(Int64(index) * block..<Int64(index + 1) * block, of: content, memory: 1 << 30)
        }
        let get = try #require(wait(7 * block..<7 * block + 2 * mebibyte, id: 71).starts.first)
        try start(get)
        #expect(state.cancel(71, of: content, pool: pool).cancelled.isEmpty)
        #expect(state.active == 1)
    }

    @Test func whatIsQueuedForNobodyIsForgottenAndTheNextGoesOn() throws {
        state = ReaderState(connections: 1)
        state.open(content)
        let first = try #require(wait(0..<mebibyte, id: 71).starts.first)
        try start(first)
        #expect(wait(2 * mebibyte..<3 * mebibyte, id: 72).isEmpty)
        #expect(wait(4 * mebibyte..<5 * mebibyte, id: 73).isEmpty)
        #expect(state.cancel(72, of: content, pool: pool).failed == [72: .cancelled])
        let actions = state.cancel(71, of: content, pool: pool)
        #expect(actions.cancelled == [first.segment])
        #expect(actions.starts.map(\.range) == [4 * mebibyte..<5 * mebibyte])
    }

    @Test func aReadPastItsDeadlineFailsAndTheNextGoesOn() throws {
        state = ReaderState(connections: 1)
        state.open(content)
        let first = try #require(wait(0..<mebibyte, id: 71, deadline: .seconds(1)).starts.first)
        try start(first)
        #expect(wait(4 * mebibyte..<5 * mebibyte, id: 72, deadline: .seconds(3)).isEmpty)
        #expect(state.expire(at: now, after: .seconds(1), pool: pool).isEmpty)
        let actions = state.expire(at: now + .seconds(2), after: .seconds(1), pool: pool)
        #expect(actions.failed == [71: .timedOut])
        #expect(actions.cancelled == [first.segment])
        #expect(actions.starts.map(\.range) == [4 * mebibyte..<5 * mebibyte])
    }

    @Test func aBlockOfWhichAPartWasReadIsBroughtAlsoAfterTheLastClose() throws {
        let get = try #require(wait(0..<100, missing: [0..<4 * mebibyte], id: 71).starts.first)
        try start(get)
        // Half a block has landed: the read is answered by a later announcement.
        #expect(state.landed(upTo: block / 2, segment: get.segment, of: content).delivered.map(\.waiter) == [71])
        #expect(state.close(content, pool: pool).isEmpty)
        #expect(state.active == 1)
        let actions = state.landed(upTo: block, segment: get.segment, of: content)
        #expect(actions.cancelled == [get.segment])
        #expect(actions.stores == 1)
        #expect(state.active == 0)
    }

    @Test func closingFailsTheReadsAndEndsTheTransfers() throws {
        let other = fixture.content("b")
        state.open(other)
        state.open(content)
        let get = try #require(wait(0..<mebibyte, id: 71).starts.first)
        try start(get)
        let kept = try #require(wait(0..<block, of: other, id: 72).starts.first)
        #expect(state.close(content, pool: pool).isEmpty)
        let actions = state.close(content, pool: pool)
        #expect(actions.failed == [71: .cancelled])
        #expect(actions.cancelled == [get.segment])
        #expect(state.active == 1)
        #expect(state.shares == 1)
        // Too late for the content that is closed.
        #expect(wait(0..<block, id: 73).failed == [73: .cancelled])
        let fetch = try fixture.fetch(get.segment, of: content, range: get.range)
        let isWanted = state.started(fetch, segment: get.segment, of: content)
        #expect(!isWanted)
        #expect(complete(kept).delivered.map(\.waiter) == [72])
    }

    @Test func aFailureIsThatOfItsReadersOnly() throws {
        let gets = (0..<2).flatMap { wait($0 * mebibyte..<($0 + 1) * mebibyte, id: 70 + UInt64($0)).starts }
        try #require(gets.count == 2)
        // Its bytes have landed: the failure comes after them.
        #expect(state.landed(upTo: 2 * block, segment: gets[0].segment, of: content).delivered.isEmpty)
        _ = wait(0..<block, missing: [], id: 72)
        let error = RemoteReadError(.gone, "gone")
        #expect(state.failed(segment: gets[0].segment, of: content, with: error, pool: pool).failed == [70: .gone])
        #expect(state.active == 1)
        #expect(complete(gets[1]).delivered.map(\.waiter) == [71])
        // What has landed is kept; the rest may be asked for again.
        #expect(wait(0..<2 * block, missing: [], id: 73).delivered.map(\.waiter) == [73])
        #expect(wait(2 * block..<3 * block).starts.count == 1)
    }
}
