/// What is not fetched to its end, and what is kept of it.
extension ReaderState {
    /// Ends what is fetched in a range if no read waits for it and no stream wants it. A transfer with little left is
    /// let run: dropping a body costs the connection.
    mutating func abandon(_ range: Range<Int64>, of content: Content) -> [Action] {
        guard let state = contents[content] else { return [] }
        var actions: [Action] = []
        for segment in state.segments[state.indices(touching: range)] {
            let isWanted = state.waiters.contains { $0.range.overlaps(segment.range) }
            guard !isWanted, !state.readAhead.wants(segment.range), !isDraining(segment) else { continue }
            guard segment.phase == .queued || segment.phase == .active else { continue }
            actions += giveUp(segment, of: content)
        }
        return actions
    }

    /// Takes a segment out, ends its transfer, and keeps what has landed for the disk cache.
    mutating func giveUp(_ segment: Segment, of content: Content) -> [Action] {
        guard let index = contents[content]?.index(of: segment.key) else { return [] }
        remove(at: index, of: content)
        guard segment.phase == .active else { return [] }
        active -= 1
        return (segment.fetch.map { [.cancel($0)] } ?? []) + salvage(segment, of: content)
    }

    /// Keeps the whole blocks that have landed of a segment that does not land wholly: they are paid for.
    mutating func salvage(_ segment: Segment, of content: Content) -> [Action] {
        let end = segment.landed / ReadAhead.block * ReadAhead.block
        guard segment.phase == .active, end > segment.range.lowerBound, let buffer = segment.buffer else { return [] }
        var kept = Segment(number: nextID(), range: segment.range.lowerBound..<end, lastUse: segment.lastUse)
        kept.phase = .landed
        kept.landed = end
        kept.read = min(max(segment.read, kept.range.lowerBound), end)
        kept.buffer = buffer
        insert(kept, of: content)
        return [.store(content: content, segment: kept.key, range: kept.range, buffer)]
    }

    /// Whether a transfer has bytes to bring that a read has asked for.
    func isNeeded(_ segment: Segment) -> Bool {
        segment.phase == .active && segment.landed < segment.needed
    }

    /// Whether a transfer is better read to its end than dropped: its body is coming, and little of it is left.
    func isDraining(_ segment: Segment) -> Bool {
        segment.phase == .active && segment.landed > segment.range.lowerBound
            && segment.range.upperBound - segment.landed <= Self.drainable
    }

    /// What is left of a body that is read to its end for nobody: cheaper than a new connection, with its 2 to 3 round
    /// trips, on any line above 10 Mbit/s.
    private static let drainable: Int64 = 256 << 10
}
