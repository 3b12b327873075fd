/// Where the memory for a segment comes from, and what is let go of for it.
extension ReaderState {
    /// A buffer for a segment, if need be by letting go of others, but of no more than it takes: what was let go of may
    /// still be in the hands of somebody who copies it, and is waited for.
    mutating func buffer(for ticket: Ticket, _ count: Int, from pool: BufferPool) -> Buffer? {
        if let buffer = pool.take(count) { return buffer }
        var released = 0
        while released < BufferPool.size(for: count), let victim = victim(of: ticket) {
            if let index = contents[victim.content]?.index(of: victim.segment) {
                released += remove(at: index, of: victim.content)?.buffer?.bytes.count ?? 0
            }
            if let buffer = pool.take(count) { return buffer }
        }
        return pool.take(count, awaiting: true)
    }

    /// What to let go of for a segment: of the settled ones that no read waits with, the one that was not used for the
    /// longest time.
    ///
    /// A read that needs several segments keeps those that have come, as long as anything is under way that makes room
    /// in the end. If nothing is, reads with a part each have taken all memory, and one has to lose its part to
    /// another, but none to its own other part.
    private func victim(of ticket: Ticket) -> Ticket? {
        var best: (ticket: Ticket, rank: Int, lastUse: UInt64)?
        var isUnderWay = active > 0
        let range = contents[ticket.content].flatMap { state in
            state.index(of: ticket.segment).map { state.segments[$0].range }
        }
        for state in contents.values {
            let content = state.content
            for segment in state.segments {
                isUnderWay = isUnderWay || segment.phase == .landed
                guard segment.phase == .settled else { continue }
                let readers = state.waiters.filter { $0.range.overlaps(segment.range) }
                let isOwn = content == ticket.content && readers.contains { range?.overlaps($0.range) == true }
                let rank = readers.isEmpty ? 0 : isOwn ? 2 : 1
                if let best, (best.rank, best.lastUse) <= (rank, segment.lastUse) { continue }
                best = (Ticket(content: content, segment: segment.key), rank, segment.lastUse)
            }
        }
        guard let best, best.rank == 0 || !isUnderWay else { return nil }
        return best.ticket
    }

    /// Lets go of what the readers of a content have left behind and the disk cache has, except the last of it: memory
    /// that is used again at once costs no page fault, and a reader that is done with a segment rarely returns.
    mutating func trimBehind(_ content: Content) {
        while let index = contents[content]?.indexBehind(keeping: Self.keptBehind) {
            remove(at: index, of: content)
        }
    }

    /// Bytes kept behind the readers of a content: the kernel asks again for pages that it has just dropped, and tools go
    /// back a little.
    private static let keptBehind = 16 << 20

    /// Lets go of memory that was not used since `tick`, and answers the present tick: what idle handles give back.
    mutating func releaseIdle(since old: UInt64) -> UInt64 {
        for state in contents.values {
            for segment in state.segments where segment.phase == .settled && segment.lastUse <= old {
                guard let index = contents[state.content]?.index(of: segment.key) else { continue }
                remove(at: index, of: state.content)
            }
        }
        return tick
    }
}
