internal import DequeModule

/// The state of the reader: every open content and the queue for memory and connections.
///
/// What happens comes in as a method call under the reader's lock; what is to be done comes back as actions, performed
/// after it. Segments enter a queue, wanted ones before those ahead of the readers, both in order of asking, and leave
/// it when a buffer for the whole range and a connection are free. What has landed stays until its memory is needed:
/// bytes are asked for again when the kernel drops pages it has just read, and with an unusable cache disk memory is
/// all there is. (`ReaderState+Memory.swift` says what goes first, `ReaderState+GivingUp.swift` what is not worth its
/// connection any more.)
struct ReaderState: Sendable {
    /// What to do after unlock.
    enum Action: Sendable {
        /// GET a segment into this buffer.
        case start(content: Content, segment: SegmentKey, range: Range<Int64>, Buffer)
        /// Answer a read with bytes from these places.
        case deliver(content: Content, Waiter, Coverage)
        /// Fail a read.
        case fail(Waiter, RemoteReadError)
        /// Put what has landed into the disk cache.
        case store(content: Content, segment: SegmentKey, range: Range<Int64>, Buffer)
        /// End a transfer that nobody waits for.
        case cancel(Fetch)
    }

    struct Ticket: Hashable, Sendable {
        var content: Content
        var segment: SegmentKey
    }

    /// GETs under way at most.
    let connections: Int
    var contents = ContentTable()
    private var wanted: Deque<Ticket> = []
    private var ahead: Deque<Ticket> = []
    /// GETs under way.
    var active = 0
    /// Shares that the memory is divided into: one for each stream that is fetched ahead of, at least one for each content
    /// with segments.
    private(set) var shares = 0
    /// Bytes that left memory without having been read.
    private(set) var unreadBytes: UInt64 = 0
    private var lastID: UInt64 = 0
    private(set) var tick: UInt64 = 0

    init(connections: Int) {
        self.connections = connections
    }

    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    // MARK: Handles

    mutating func open(_ content: Content) {
        if contents[content] == nil {
            contents[content] = ContentState(content: content)
        }
        contents[content]?.references += 1
    }

    /// A handle is gone; with the last one go the content's memory and whatever is fetched for nobody. What is on its way
    /// to the disk cache stays until it is there, so that whoever opens the file again at once finds it; and so does a block
    /// of which a part was read already, so that who reads the same again tomorrow finds all of it.
    mutating func close(_ content: Content, pool: BufferPool) -> [Action] {
        contents[content]?.references -= 1
        guard let state = contents[content], state.references <= 0 else { return [] }
        contents[content]?.waiters = []
        var actions: [Action] = state.waiters.map { .fail($0, RemoteReadError(.cancelled, "the file was closed")) }
        // Reads that were cut off need nothing any more.
        let isCutOff = !state.waiters.isEmpty
        for segment in state.segments where segment.phase != .landed && !isDraining(segment) {
            if isCutOff || !isNeeded(segment) { actions += giveUp(segment, of: content) }
        }
        dropIfClosed(content)
        return actions + admit(from: pool)
    }

    // MARK: Reads

    /// Notes a read: where its bytes are as far as memory goes, and what to fetch ahead of it.
    ///
    /// - Parameter memory: The ceiling of all buffers in bytes. A quarter is kept for reads that nothing was fetched
    ///   ahead for; the rest is shared by the streams that are fetched ahead of.
    mutating func read(
        _ range: Range<Int64>,
        of content: Content,
        memory: Int
    ) -> (coverage: Coverage, plan: ReadAhead.Plan) {
        tick += 1
        let share = Int64(memory / 4 * 3 / max(shares, 1))
        return contents.update(content) { $0.read(range, at: tick, share: share, connections: connections) }
            ?? (.waiting, .init())
    }

    /// A read waits for its bytes; `missing` are those that neither disk nor (perhaps) memory has, and what is fetched with
    /// them by its plan, as the GETs to make.
    mutating func wait(
        _ waiter: Waiter,
        of content: Content,
        missing: [Range<Int64>],
        by plan: ReadAhead.Plan = .init(),
        pool: BufferPool
    ) -> [Action] {
        guard contents[content] != nil else {
            return [.fail(waiter, RemoteReadError(.cancelled, "the file was closed"))]
        }
        contents.update(content) {
            $0.readAhead.missed(waiter.range)
            $0.settle(plan.joined + plan.ahead)
        }
        enqueue(missing, of: content, for: waiter.range, pool: pool)
        contents.update(content) { $0.need(waiter.range) }
        promote(waiter.range, of: content)
        contents[content]?.waiters.append(waiter)
        return answer(content, touching: waiter.range) + admit(from: pool)
    }

    /// A read is not going to wait: nothing is fetched for it.
    mutating func forgo(_ plan: ReadAhead.Plan, of content: Content) {
        contents.update(content) { state in
            plan.gets.forEach { state.readAhead.withdraw($0) }
            state.settle(plan.ahead)
        }
    }

    /// A read that led to a run was answered without a fetch.
    mutating func forgoRun(of plan: ReadAhead.Plan, of content: Content) {
        contents.update(content) { state in
            plan.ahead.forEach { state.readAhead.forgoRun($0) }
            state.settle(plan.ahead)
        }
    }

    /// Asks for ranges ahead of the readers: what is missing of a plan, whose read was answered.
    mutating func fetchAhead(
        _ ranges: [Range<Int64>],
        by plan: ReadAhead.Plan = .init(),
        of content: Content,
        pool: BufferPool
    ) -> [Action] {
        contents.update(content) { $0.settle(plan.ahead) }
        enqueue(ranges, of: content, for: nil, pool: pool)
        return admit(from: pool)
    }

    /// A read gives up.
    mutating func cancel(_ waiter: UInt64, of content: Content, pool: BufferPool) -> [Action] {
        guard let index = contents[content]?.waiters.firstIndex(where: { $0.id == waiter }),
            let gone = contents[content]?.waiters.remove(at: index)
        else { return [] }
        return [.fail(gone, RemoteReadError(.cancelled, "the read was interrupted"))]
            + abandon(gone.range, of: content)
            + admit(from: pool)
    }

    /// Fails the reads whose deadline is over.
    ///
    /// - Parameter allowed: How long they have waited.
    mutating func expire(at now: ContinuousClock.Instant, after allowed: Duration, pool: BufferPool) -> [Action] {
        var actions: [Action] = []
        for state in contents.values {
            let content = state.content
            for waiter in state.waiters where waiter.deadline <= now {
                contents[content]?.waiters.removeAll { $0.id == waiter.id }
                let message =
                    "can't read \(content.file.name): the object store has sent nothing for \(allowed.components.seconds) s"
                actions.append(.fail(waiter, RemoteReadError(.timedOut, message)))
                actions += abandon(waiter.range, of: content)
            }
        }
        // Every look at the clock is a look at the queue too: a net below all that should have asked.
        return actions + admit(from: pool)
    }

    // MARK: Segments

    /// The GET of a segment was started. Answers whether it was given up meanwhile.
    mutating func started(_ fetch: Fetch, segment: SegmentKey, of content: Content) -> Bool {
        guard let index = contents[content]?.index(of: segment) else { return false }
        contents[content]?.update(at: index) { $0.fetch = fetch }
        return true
    }

    /// Bytes of a segment have landed, up to `end`.
    mutating func landed(upTo end: Int64, segment: SegmentKey, of content: Content) -> [Action] {
        guard let index = contents[content]?.index(of: segment) else { return [] }
        contents[content]?.update(at: index) { $0.landed = end }
        guard let range = contents[content]?.segments[index].range else { return [] }
        let answers = answer(content, touching: range.lowerBound..<end)
        guard let state = contents[content], state.references <= 0 else { return answers }
        let segment = state.segments[index]
        if isDraining(segment) || isNeeded(segment) { return answers }
        let actions = giveUp(segment, of: content)
        dropIfClosed(content)
        return answers + actions
    }

    /// All bytes of a segment have landed.
    mutating func finished(segment: SegmentKey, of content: Content, pool: BufferPool) -> [Action] {
        guard let index = contents[content]?.index(of: segment), let old = contents[content]?.segments[index],
            old.phase == .active, let buffer = old.buffer
        else { return [] }
        active -= 1
        contents[content]?.update(at: index) { segment in
            segment.landed = segment.range.upperBound
            segment.phase = .landed
            segment.fetch = nil
        }
        return answer(content, touching: old.range)
            + [.store(content: content, segment: segment, range: old.range, buffer)]
            + admit(from: pool)
    }

    /// The disk cache is done with a segment, well or badly.
    mutating func settled(segment: SegmentKey, of content: Content, pool: BufferPool) -> [Action] {
        if let index = contents[content]?.index(of: segment) {
            contents[content]?.update(at: index) { $0.phase = .settled }
            if let state = contents[content], state.references <= 0 {
                remove(at: index, of: content)
                dropIfClosed(content)
            }
            trimBehind(content)
        }
        return admit(from: pool)
    }

    /// A segment can't be fetched: the reads that need it fail.
    mutating func failed(
        segment: SegmentKey,
        of content: Content,
        with error: RemoteReadError,
        pool: BufferPool
    ) -> [Action] {
        guard let index = contents[content]?.index(of: segment), let gone = remove(at: index, of: content) else {
            return admit(from: pool)
        }
        if gone.phase == .active {
            active -= 1
        }
        contents[content]?.readAhead.withdraw(gone.range)
        let lost = gone.landed..<gone.range.upperBound
        let hit = contents[content]?.waiters.filter { $0.range.overlaps(lost) } ?? []
        contents[content]?.waiters.removeAll { $0.range.overlaps(lost) }
        let kept = salvage(gone, of: content)
        dropIfClosed(content)
        return hit.map { .fail($0, error) } + kept + admit(from: pool)
    }

    /// Memory has come back, or a connection.
    mutating func admit(from pool: BufferPool) -> [Action] {
        var actions: [Action] = []
        while active < connections, let ticket = wanted.first ?? ahead.first {
            guard let index = contents[ticket.content]?.index(of: ticket.segment),
                let segment = contents[ticket.content]?.segments[index], segment.phase == .queued
            else {
                drop(ticket)
                continue
            }
            guard let buffer = buffer(for: ticket, segment.range.count, from: pool) else { break }
            // Reclaiming memory may have moved it.
            guard let index = contents[ticket.content]?.index(of: ticket.segment) else { continue }
            drop(ticket)
            active += 1
            contents[ticket.content]?.update(at: index) { segment in
                segment.phase = .active
                segment.buffer = buffer
            }
            actions.append(
                .start(content: ticket.content, segment: ticket.segment, range: segment.range, buffer)
            )
        }
        return actions
    }

}

extension ReaderState {
    mutating func insert(_ segment: Segment, of content: Content) {
        contents[content]?.insert(segment)
        recountShares(of: content)
    }

    @discardableResult
    mutating func remove(at index: Int, of content: Content) -> Segment? {
        let segment = contents[content]?.remove(at: index)
        unreadBytes += UInt64(segment?.unread ?? 0)
        recountShares(of: content)
        return segment
    }

    /// Called when a content's segments have changed, and so whenever its streams may have.
    private mutating func recountShares(of content: Content) {
        shares += contents[content]?.recountShares() ?? 0
    }

    /// Puts what no segment covers of some GETs into the queue. What is `wanted` of it goes before all that is not.
    private mutating func enqueue(
        _ gets: [Range<Int64>],
        of content: Content,
        for wanted: Range<Int64>?,
        pool: BufferPool
    ) {
        // Beside the longest GET there has to be room for others.
        let longest = max(ReadAhead.longestUnit / 2, Int64(pool.limit / 4) / ReadAhead.block * ReadAhead.block)
        for get in gets {
            for gap in contents[content]?.uncovered(get) ?? [] {
                for start in stride(from: gap.lowerBound, to: gap.upperBound, by: Int(longest)) {
                    let end = min(start + longest, gap.upperBound)
                    let segment = Segment(number: nextID(), range: start..<end, lastUse: tick)
                    insert(segment, of: content)
                    let ticket = Ticket(content: content, segment: segment.key)
                    if wanted?.overlaps(segment.range) == true {
                        self.wanted.append(ticket)
                    } else {
                        ahead.append(ticket)
                    }
                }
            }
        }
    }

    /// Moves queued segments that are now waited for to the front.
    private mutating func promote(_ range: Range<Int64>, of content: Content) {
        guard let state = contents[content] else { return }
        for segment in state.segments[state.indices(touching: range)] where segment.phase == .queued {
            let ticket = Ticket(content: content, segment: segment.key)
            if let index = ahead.firstIndex(of: ticket) {
                ahead.remove(at: index)
                wanted.append(ticket)
            }
        }
    }

    private mutating func drop(_ ticket: Ticket) {
        if wanted.first == ticket {
            wanted.removeFirst()
        } else if ahead.first == ticket {
            ahead.removeFirst()
        }
    }

    /// The reads that touch a range and now have all their bytes.
    private mutating func answer(_ content: Content, touching range: Range<Int64>) -> [Action] {
        guard let state = contents[content], !state.waiters.isEmpty else { return [] }
        var actions: [Action] = []
        for waiter in state.waiters where waiter.range.overlaps(range) {
            let coverage = state.coverage(of: waiter.range)
            if case .waiting = coverage { continue }
            contents[content]?.waiters.removeAll { $0.id == waiter.id }
            actions.append(.deliver(content: content, waiter, coverage))
        }
        return actions
    }

    /// Forgets a content that nobody has open, once nothing of it is under way.
    mutating func dropIfClosed(_ content: Content) {
        if let state = contents[content], state.references <= 0, state.segments.isEmpty {
            contents[content] = nil
        }
    }
}
