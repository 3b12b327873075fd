import TestSupport
import Testing

@testable import RemoteFiles

/// Random events, played against the state: whatever the order, its books balance and nobody is forgotten.
@Suite struct ReaderStatePropertyTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>) func theBooksBalanceWhateverHappens(seed: UInt64) throws {
        var world = try StateWorld(seed: seed)
        defer { world.end() }
        for step in 0..<1500 {
            world.step()
            try #require(world.faults() == [], "seed \(seed), step \(step)")
        }
        world.drain()
        try #require(world.faults() == [], "seed \(seed), at the end")
        #expect(world.unanswered.isEmpty, "seed \(seed)")
        #expect(world.state.active == 0 && world.state.shares == 0, "seed \(seed)")
        #expect(world.state.contents.isEmpty, "seed \(seed)")
        #expect(world.pool.used == 0, "seed \(seed)")
    }
}

/// What is around the state: GETs, a disk, reads and handles, all of them numbers.
private struct StateWorld {
    private struct Get {
        let content: Content
        let segment: SegmentKey
        let range: Range<Int64>
        var landed: Int64
        /// Held until the GET has ended, also when nobody wants it any more.
        let buffer: Buffer
    }

    private let fixture: StateFixture
    private let contents: [Content]
    private var random: SeededGenerator
    private(set) var state: ReaderState
    /// GETs that were started and have not ended.
    private var gets: [Get] = []
    /// What is on its way to the disk.
    private var stores: [Get] = []
    /// The blocks that the disk has, by content and number.
    private var disk: Set<[Int64]> = []
    private var handles: [Content: Int] = [:]
    private(set) var unanswered: [UInt64: Content] = [:]
    /// Reads between their plan and what follows from it: they look at the disk.
    private var looking: [(waiter: Waiter?, content: Content, plan: ReadAhead.Plan)] = []
    private var problems: [String] = []

    init(seed: UInt64) throws {
        fixture = try StateFixture(memory: 4 << 20)
        random = SeededGenerator(seed: seed)
        state = ReaderState(connections: Int.random(in: 1...6, using: &random))
        let sizes = [block - 1, 3 * block + 1, 5 * mebibyte, 40 * mebibyte]
        contents = sizes.enumerated().map { [fixture] in fixture.content("\($0.offset)", size: $0.element) }
    }

    func end() {
        fixture.end()
    }

    var pool: BufferPool { fixture.pool }

    // MARK: Events

    mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<6: open()
        case 6..<9: close()
        case 9..<35: read()
        case 35..<45: look()
        case 45..<60: land()
        case 60..<75: finish()
        case 75..<88: settle()
        case 88..<91: fail()
        case 91..<95: cancel()
        case 95..<96: perform(state.expire(at: .now, after: .seconds(1), pool: pool))
        case 96..<98: disk = disk.filter { _ in Bool.random(using: &random) }
        default: _ = state.releaseIdle(since: UInt64.random(in: 0..<200, using: &random))
        }
        // What the pool tells when memory returns.
        perform(state.admit(from: pool))
    }

    /// Lets everything come to its end.
    mutating func drain() {
        while !looking.isEmpty { look() }
        if state.contents.values.contains(where: { !$0.announced.isEmpty }) {
            problems.append("a GET is announced that nobody makes")
        }
        while !gets.isEmpty || !stores.isEmpty {
            finish()
            settle()
            perform(state.admit(from: pool))
        }
        for content in contents {
            while handles[content, default: 0] > 0 { close(content) }
        }
        gets = []
    }

    private mutating func open() {
        guard let content = contents.randomElement(using: &random) else { return }
        state.open(content)
        handles[content, default: 0] += 1
    }

    private mutating func close() {
        // A read that looks at the disk keeps its handle.
        let closable = handles.filter { handle in handle.value > 0 && !looking.contains { $0.content == handle.key } }
        guard let content = closable.keys.min(by: { $0.size < $1.size }) else { return }
        close(content)
    }

    private mutating func close(_ content: Content) {
        handles[content, default: 0] -= 1
        perform(state.close(content, pool: fixture.pool))
    }

    private mutating func read() {
        guard let content = contents.filter({ handles[$0, default: 0] > 0 }).randomElement(using: &random) else {
            return
        }
        let start = Int64.random(in: 0..<content.size, using: &random)
        let last = state.contents[content]?.readAhead.streams.randomElement(using: &random)?.position ?? 0
        // Half of the reads go on where another one ended.
        let offset = Bool.random(using: &random) && last < content.size ? last : start
        let range = offset..<min(content.size, offset + Int64.random(in: 1...mebibyte, using: &random))
        let (coverage, plan) = state.read(range, of: content, memory: pool.limit)
        if !has(coverage, range, of: content) {
            let id = state.nextID()
            let waiter = Waiter(id: id, range: range, reply: IgnoredReply(), deadline: .now + .milliseconds(3))
            looking.append((waiter, content, plan))
        } else {
            looking.append((nil, content, plan))
        }
        if Bool.random(using: &random) { look() }
    }

    /// One of the reads that were planned goes on.
    private mutating func look() {
        guard let index = looking.indices.randomElement(using: &random) else { return }
        let (waiter, content, plan) = looking.remove(at: index)
        if let waiter {
            unanswered[waiter.id] = content
            wait(waiter, of: content, with: plan)
        } else if plan.isRun {
            state.forgoRun(of: plan, of: content)
        } else {
            let ahead = plan.ahead.flatMap { missing(in: $0, of: content) }
            perform(state.fetchAhead(ahead, by: plan, of: content, pool: pool))
        }
    }

    private mutating func wait(_ waiter: Waiter, of content: Content, with plan: ReadAhead.Plan = .init()) {
        let needed = (plan.gets + [waiter.range]).flatMap { missing(in: $0, of: content) }
        perform(state.wait(waiter, of: content, missing: needed, by: plan, pool: pool))
    }

    private mutating func land() {
        guard let index = gets.indices.randomElement(using: &random) else { return }
        let get = gets[index]
        let end = min(get.range.upperBound, get.landed + block * Int64.random(in: 1...8, using: &random))
        gets[index].landed = end
        perform(state.landed(upTo: end, segment: get.segment, of: get.content))
    }

    private mutating func finish() {
        guard let index = gets.indices.randomElement(using: &random) else { return }
        let get = gets.remove(at: index)
        perform(state.finished(segment: get.segment, of: get.content, pool: pool))
    }

    private mutating func fail() {
        guard let index = gets.indices.randomElement(using: &random) else { return }
        let get = gets.remove(at: index)
        let error = RemoteReadError(.unreachable, "gone")
        perform(state.failed(segment: get.segment, of: get.content, with: error, pool: pool))
    }

    private mutating func settle() {
        guard let index = stores.indices.randomElement(using: &random) else { return }
        let store = stores.remove(at: index)
        // A disk that is full drops what it is given.
        if Int.random(in: 0..<4, using: &random) > 0 {
            disk.formUnion(blocks(of: store.range, of: store.content))
        }
        perform(state.settled(segment: store.segment, of: store.content, pool: pool))
    }

    private mutating func cancel() {
        guard let id = unanswered.keys.sorted().randomElement(using: &random), let content = unanswered[id] else {
            return
        }
        perform(state.cancel(id, of: content, pool: pool))
        if unanswered[id] != nil {
            problems.append("an interrupted read was not answered at once")
        }
    }

    // MARK: Actions

    private mutating func perform(_ actions: [ReaderState.Action]) {
        for action in actions {
            switch action {
            case .start(let content, let segment, let range, let buffer):
                if buffer.bytes.count < range.count {
                    problems.append("a buffer is too small")
                }
                guard let fetch = try? fixture.fetch(segment, of: content, range: range) else { continue }
                if state.started(fetch, segment: segment, of: content) {
                    let get = Get(
                        content: content,
                        segment: segment,
                        range: range,
                        landed: range.lowerBound,
                        buffer: buffer
                    )
                    gets.append(get)
                }
            case .deliver(let content, var waiter, let coverage):
                if has(coverage, waiter.range, of: content) {
                    answered(waiter)
                } else {
                    waiter.disappointments += 1
                    wait(waiter, of: content)
                }
            case .fail(let waiter, _):
                answered(waiter)
            case .store(let content, let segment, let range, let buffer):
                stores.append(
                    Get(content: content, segment: segment, range: range, landed: range.upperBound, buffer: buffer)
                )
            case .cancel(let fetch):
                // Half of them end at once, the others bring their bytes for nothing.
                guard let index = gets.firstIndex(where: { $0.segment == fetch.segment }) else {
                    problems.append("a GET was given up that is not under way")
                    continue
                }
                if Bool.random(using: &random) {
                    gets.remove(at: index)
                }
            }
        }
    }

    private mutating func answered(_ waiter: Waiter) {
        if unanswered.removeValue(forKey: waiter.id) == nil {
            problems.append("read \(waiter.id) was answered twice")
        }
    }

    /// Whether the places that are named have the bytes; the lengths have to add up to the range.
    private mutating func has(_ coverage: Coverage, _ range: Range<Int64>, of content: Content) -> Bool {
        switch coverage {
        case .waiting:
            return false
        case .disk:
            return missing(in: range, of: content).isEmpty
        case .memory(_, let indices):
            if indices.count != range.count {
                problems.append("\(indices.count) bytes for \(range)")
            }
            return true
        case .pieces(let pieces):
            var isHere = true
            var count = 0
            for piece in pieces {
                switch piece {
                case .memory(_, let indices):
                    count += indices.count
                case .disk(let part):
                    count += part.count
                    isHere = isHere && missing(in: part, of: content).isEmpty
                }
            }
            if count != range.count {
                problems.append("\(count) bytes for \(range)")
            }
            return isHere
        }
    }

    private func blocks(of range: Range<Int64>, of content: Content) -> [[Int64]] {
        (range.lowerBound / block...(range.upperBound - 1) / block).map { [content.size, $0] }
    }

    /// Runs of whole blocks that the disk does not have.
    private func missing(in range: Range<Int64>, of content: Content) -> [Range<Int64>] {
        blocks(of: range, of: content).filter { !disk.contains($0) }.reduce(into: []) { runs, name in
            let bytes = name[1] * block..<min(content.size, (name[1] + 1) * block)
            if let last = runs.last, last.upperBound == bytes.lowerBound {
                runs[runs.count - 1] = last.lowerBound..<bytes.upperBound
            } else {
                runs.append(bytes)
            }
        }
    }

    // MARK: Invariants

    /// What is wrong now.
    func faults() -> [String] {
        var faults = problems
        let segments = state.contents.values.flatMap(\.segments)
        for state in state.contents.values {
            let content = state.content
            for (left, right) in zip(state.segments, state.segments.dropFirst())
            where left.range.upperBound > right.range.lowerBound {
                faults.append("\(left.range) overlaps \(right.range)")
            }
            for segment in state.segments {
                let end = segment.range.upperBound
                if segment.range.lowerBound % block != 0 || end % block != 0 && end != content.size
                    || end > content.size
                {
                    faults.append("\(segment.range) is not whole blocks")
                }
                if (segment.buffer == nil) != (segment.phase == .queued) {
                    faults.append(
                        "\(segment.range) is \(segment.phase), \(segment.buffer == nil ? "without" : "with") memory"
                    )
                }
            }
        }
        let active = segments.count { $0.phase == .active }
        if state.active != active || active > state.connections {
            faults.append("\(state.active) of \(state.connections) GETs, \(active) active segments")
        }
        let shares = state.contents.values.reduce(0) { $0 + $1.shares }
        if state.shares != shares {
            faults.append("\(state.shares) shares of memory, \(shares) of its contents")
        }
        for content in state.contents.values where (content.shares == 0) != content.segments.isEmpty {
            faults.append("\(content.shares) shares for \(content.segments.count) segments")
        }
        if pool.used > pool.limit {
            faults.append("\(pool.used) bytes of memory")
        }
        let waiting = Set(state.contents.values.flatMap(\.waiters).map(\.id))
        if waiting != Set(unanswered.keys) {
            faults.append("\(waiting.symmetricDifference(unanswered.keys)) is forgotten")
        }
        if !waiting.isEmpty, gets.isEmpty, stores.isEmpty {
            faults.append("reads wait and nothing is under way")
        }
        return faults
    }
}
