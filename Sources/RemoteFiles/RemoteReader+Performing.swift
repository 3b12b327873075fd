internal import BlockCache
internal import Synchronization
internal import Threading

/// The part that does what ``ReaderState`` decided.
extension RemoteReader: FetchObserver {
    func perform(_ actions: [ReaderState.Action]) {
        for action in actions {
            switch action {
            case .start(let content, let segment, let range, let buffer):
                start(segment, of: content, range: range, into: buffer)
            case .deliver(let content, let waiter, let coverage):
                deliver(coverage, to: waiter, of: content)
            case .fail(let waiter, let error):
                waiter.reply.fail(error)
            case .store(let content, let segment, let range, let buffer):
                store(segment, of: content, range: range, from: buffer)
            case .cancel(let fetch):
                fetch.cancel()
            }
        }
    }

    /// Starts what fits now. Called whenever memory may have come back outside of the state's own events.
    func admit() {
        perform(state.withLock { $0.admit(from: pool) })
    }

    private func start(_ segment: SegmentKey, of content: Content, range: Range<Int64>, into buffer: Buffer) {
        let fetch = Fetch(
            segment: segment,
            content: content,
            range: range,
            buffer: buffer,
            urls: urls,
            client: client,
            firstBytes: firstBytes,
            counters: counters,
            observer: self,
            logger: logger
        )
        if state.withLock({ $0.started(fetch, segment: segment, of: content) }) {
            counters.beganFetch()
            fetch.start()
        }
    }

    private func store(_ segment: SegmentKey, of content: Content, range: Range<Int64>, from buffer: Buffer) {
        content.cached.store(buffer.slice(0..<range.count), at: range.lowerBound) {
            // The cache has let go of the memory; the buffer lives to here.
            withExtendedLifetime(buffer) {}
            self.perform(self.state.withLock { $0.settled(segment: segment, of: content, pool: self.pool) })
        }
    }

    private func deliver(_ coverage: Coverage, to waiter: Waiter, of content: Content) {
        if case .memory(let buffer, let indices) = coverage {
            counters.server.count(indices.count)
            return waiter.reply.succeed(buffer.slice(indices))
        }
        let assemble: @Sendable () -> Void = { [self] in
            let isDelivered = withAssembled(waiter.range, of: content, from: coverage) { waiter.reply.succeed($0) }
            if isDelivered {
                counters.server.count(waiter.range.count)
            } else {
                askAgain(waiter, of: content)
            }
        }
        if !diskReaders.submit(assemble) {
            assemble()
        }
    }

    /// The disk cache no longer has what it had a moment ago (evicted, or found damaged): fetch it.
    private func askAgain(_ waiter: Waiter, of content: Content) {
        var waiter = waiter
        waiter.disappointments += 1
        guard waiter.disappointments <= Self.maximumDisappointments else {
            let message =
                "can't read \(content.file.name): neither memory nor the disk cache keeps its bytes long enough"
            return waiter.reply.fail(RemoteReadError(.unusable, message))
        }
        wait(waiter, of: content)
    }

    /// How often a read may find its bytes gone again. Each time costs a round trip; that often means that much more is
    /// read at once than there is memory for.
    private static var maximumDisappointments: Int { 5 }

    /// Lets a read wait, and fetches what it misses together with what is planned beyond it.
    func wait(_ waiter: Waiter, of content: Content, with plan: ReadAhead.Plan = .init()) {
        // A disk that has failed it twice is not believed any more.
        let needed =
            waiter.disappointments < 2 ? content.missing(in: waiter.range) : [content.blocks(of: waiter.range)]
        // What is planned goes first: a GET that brings the read and more is one GET.
        let planned = plan.gets.flatMap { content.missing(in: $0) }
        perform(state.withLock { $0.wait(waiter, of: content, missing: planned + needed, by: plan, pool: pool) })
    }

    /// Fetches what the disk cache does not have of some ranges, before anybody asks for it.
    func fetchAhead(_ ranges: [Range<Int64>], of content: Content) {
        let missing = ranges.flatMap { content.missing(in: $0) }
        guard !missing.isEmpty else { return }
        perform(state.withLock { $0.fetchAhead(missing, of: content, pool: pool) })
    }

    /// Fetches what the disk cache does not have of what is planned ahead of a read that was answered.
    func fetchAhead(_ plan: ReadAhead.Plan, of content: Content) {
        let missing = plan.ahead.flatMap { content.missing(in: $0) }
        perform(state.withLock { $0.fetchAhead(missing, by: plan, of: content, pool: pool) })
    }

    /// Calls `body` with the bytes of a range put together from several places; `false` if some are nowhere.
    func withAssembled(
        _ range: Range<Int64>,
        of content: Content,
        from coverage: Coverage,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        scratch.withBuffer(of: range.count) { target in
            guard assemble(coverage, range, of: content, into: target) else { return false }
            body(UnsafeRawBufferPointer(target))
            return true
        }
    }

    private func assemble(
        _ coverage: Coverage,
        _ range: Range<Int64>,
        of content: Content,
        into target: UnsafeMutableRawBufferPointer
    ) -> Bool {
        switch coverage {
        case .waiting:
            return false
        case .disk:
            return content.cached.read(target, at: range.lowerBound)
        case .memory(let buffer, let indices):
            target.copyMemory(from: buffer.slice(indices))
            return true
        case .pieces(let pieces):
            var position = 0
            for piece in pieces {
                switch piece {
                case .memory(let buffer, let indices):
                    UnsafeMutableRawBufferPointer(rebasing: target[position...]).copyMemory(from: buffer.slice(indices))
                    position += indices.count
                case .disk(let bytes):
                    let part = UnsafeMutableRawBufferPointer(rebasing: target[position..<position + bytes.count])
                    guard content.cached.read(part, at: bytes.lowerBound) else { return false }
                    position += bytes.count
                }
            }
            return true
        }
    }

    // MARK: FetchObserver

    func fetch(_ fetch: Fetch, hasLandedUpTo end: Int64) {
        perform(state.withLock { $0.landed(upTo: end, segment: fetch.segment, of: fetch.content) })
    }

    func fetch(_ fetch: Fetch, didEndWith result: Result<Void, RemoteReadError>) {
        if case .failure(let error) = result, error.code != .cancelled { counters.failedFetch() }
        let actions = state.withLock { state in
            switch result {
            case .success:
                state.finished(segment: fetch.segment, of: fetch.content, pool: pool)
            case .failure(let error):
                state.failed(segment: fetch.segment, of: fetch.content, with: error, pool: pool)
            }
        }
        perform(actions)
    }
}

extension Content {
    /// The whole blocks that a range touches, up to the end of the file.
    fileprivate func blocks(of range: Range<Int64>) -> Range<Int64> {
        let block = Int64(BlockCache.blockSize)
        return range.lowerBound / block * block..<min(size, (range.upperBound + block - 1) / block * block)
    }

    /// The runs of blocks in a range that the disk cache does not have.
    func missing(in range: Range<Int64>) -> [Range<Int64>] {
        var runs: [Range<Int64>] = []
        var position = range.lowerBound
        while position < range.upperBound, let run = cached.firstMissing(in: position..<range.upperBound) {
            runs.append(run)
            position = run.upperBound
        }
        return runs
    }
}
