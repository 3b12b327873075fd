/// What is known of one open content: its streams, the segments in memory or on their way, the reads that wait.
struct ContentState: Sendable {
    let content: Content
    var readAhead: ReadAhead
    /// By their lower bound; they don't overlap.
    private(set) var segments: [Segment] = []
    var waiters: [Waiter] = []
    /// GETs that reads have led to and not made yet: between the two, the disk is looked at, without a lock.
    private(set) var announced: [Range<Int64>] = []
    /// Open handles.
    var references = 0
    /// Shares of the reader's memory that it was counted with.
    private(set) var shares = 0
    /// Bytes of segments that the disk cache has.
    private var settled = 0

    init(content: Content) {
        self.content = content
        readAhead = ReadAhead(readsWhole: FileFormat.isIndex(content.file.name))
    }

    /// Notes a read: where its bytes are, and what to fetch with it.
    mutating func read(
        _ range: Range<Int64>,
        at tick: UInt64,
        share: Int64,
        connections: Int
    ) -> (coverage: Coverage, plan: ReadAhead.Plan) {
        touch(range, at: tick)
        var plan = readAhead.read(range, size: content.size, share: share, connections: connections)
        // Made one by one, their GETs would cut a run into pieces.
        plan.joined = announced.filter { $0.overlaps(range) }
        announced += plan.ahead
        return (coverage(of: range), plan)
    }

    /// GETs that were announced are made, or not wanted any more.
    mutating func settle(_ gets: [Range<Int64>]) {
        announced.removeAll { gets.contains($0) }
    }

    /// Counts the shares of memory anew, and answers how many more they are than before.
    mutating func recountShares() -> Int {
        let new = segments.isEmpty ? 0 : max(1, readAhead.runners)
        defer { shares = new }
        return new - shares
    }

    /// Where the bytes of a range are. Allocates only if they are in several places.
    func coverage(of range: Range<Int64>) -> Coverage {
        let index = firstIndex(endingAfter: range.lowerBound)
        guard index < segments.count, segments[index].range.lowerBound < range.upperBound else { return .disk }
        let segment = segments[index]
        guard segment.range.lowerBound <= range.lowerBound, range.upperBound <= segment.range.upperBound else {
            return pieces(of: range, from: index)
        }
        guard let buffer = segment.buffer, segment.landed >= range.upperBound else { return .waiting }
        return .memory(buffer, segment.indices(of: range))
    }

    private func pieces(of range: Range<Int64>, from first: Int) -> Coverage {
        var pieces: [Coverage.Piece] = []
        var position = range.lowerBound
        var index = first
        while position < range.upperBound {
            guard index < segments.count, segments[index].range.lowerBound < range.upperBound else {
                pieces.append(.disk(position..<range.upperBound))
                break
            }
            let segment = segments[index]
            if position < segment.range.lowerBound {
                pieces.append(.disk(position..<segment.range.lowerBound))
                position = segment.range.lowerBound
            }
            let end = min(range.upperBound, segment.range.upperBound)
            guard let buffer = segment.buffer, segment.landed >= end else { return .waiting }
            pieces.append(.memory(buffer, segment.indices(of: position..<end)))
            position = end
            index += 1
        }
        return .pieces(pieces)
    }

    /// The parts of a range that no segment covers.
    func uncovered(_ range: Range<Int64>) -> [Range<Int64>] {
        var gaps: [Range<Int64>] = []
        var position = range.lowerBound
        var index = firstIndex(endingAfter: position)
        while position < range.upperBound, index < segments.count,
            segments[index].range.lowerBound < range.upperBound
        {
            if position < segments[index].range.lowerBound {
                gaps.append(position..<segments[index].range.lowerBound)
            }
            position = segments[index].range.upperBound
            index += 1
        }
        if position < range.upperBound {
            gaps.append(position..<range.upperBound)
        }
        return gaps
    }

    /// Indices of the segments that a range touches.
    func indices(touching range: Range<Int64>) -> Range<Int> {
        let first = firstIndex(endingAfter: range.lowerBound)
        var last = first
        while last < segments.count, segments[last].range.lowerBound < range.upperBound {
            last += 1
        }
        return first..<last
    }

    func index(of key: SegmentKey) -> Int? {
        let index = firstIndex(endingAfter: key.start)
        return index < segments.count && segments[index].key == key ? index : nil
    }

    mutating func insert(_ segment: Segment) {
        segments.insert(segment, at: firstIndex(endingAfter: segment.range.lowerBound))
    }

    mutating func remove(at index: Int) -> Segment {
        let segment = segments.remove(at: index)
        settled -= segment.phase == .settled ? segment.range.count : 0
        return segment
    }

    mutating func update(at index: Int, _ change: (inout Segment) -> Void) {
        settled -= segments[index].phase == .settled ? segments[index].range.count : 0
        change(&segments[index])
        settled += segments[index].phase == .settled ? segments[index].range.count : 0
    }

    /// Of the settled segments that no read waits with and no stream wants, the one that was not used for the longest time,
    /// if the settled ones are more than so many bytes.
    func indexBehind(keeping bytes: Int) -> Int? {
        guard settled > bytes else { return nil }
        var oldest: Int?
        for (index, segment) in segments.enumerated()
        where segment.phase == .settled && segment.lastUse < oldest.map({ segments[$0].lastUse }) ?? .max
            && !readAhead.wants(segment.range) && !waiters.contains(where: { $0.range.overlaps(segment.range) })
        {
            oldest = index
        }
        return oldest
    }

    /// Marks the blocks of a range as asked for.
    mutating func need(_ range: Range<Int64>) {
        let end = (range.upperBound + ReadAhead.block - 1) / ReadAhead.block * ReadAhead.block
        for index in indices(touching: range) {
            segments[index].needed = max(segments[index].needed, min(segments[index].range.upperBound, end))
            noteRead(of: range, at: index)
        }
    }

    /// Marks the segments of a range as used now.
    private mutating func touch(_ range: Range<Int64>, at tick: UInt64) {
        for index in indices(touching: range) {
            segments[index].lastUse = tick
            noteRead(of: range, at: index)
        }
    }

    private mutating func noteRead(of range: Range<Int64>, at index: Int) {
        segments[index].read = max(segments[index].read, min(range.upperBound, segments[index].range.upperBound))
    }

    /// The first segment whose end lies after a position: binary search, since every read asks.
    private func firstIndex(endingAfter position: Int64) -> Int {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].range.upperBound > position {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low
    }
}
