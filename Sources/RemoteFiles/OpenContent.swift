internal import BlockCache
internal import Synchronization

/// An open file of the service.
public final class OpenContent: Sendable {
    private let content: Content
    private let surroundings: (any Surroundings)?
    private let reader: RemoteReader

    init(content: Content, surroundings: (any Surroundings)?, reader: RemoteReader) {
        self.content = content
        self.surroundings = surroundings
        self.reader = reader
    }

    deinit {
        reader.close(content)
    }

    /// Which content this is.
    public var file: RemoteFileVersion { content.file }

    /// Calls `body` with a descriptor of a file that has all bytes of the content, if the disk cache has one: they are right,
    /// and stay, for as long as the descriptor or what was made of it (a `dup`, the kernel's own reference) is open.
    ///
    /// - Parameters:
    ///   - hasPages: The kernel may have pages of the mount's file, which it drops for the other one. Then it is not offered
    ///     before it is in the page cache itself, unless it is too large for that.
    ///   - whenInPageCache: Called once, on any thread, when the file has been brought into the page cache.
    public func withBacking(
        hasPages: Bool,
        _ body: (CInt) -> Void,
        whenInPageCache: @escaping @Sendable () -> Void
    ) {
        content.cached.whenBroughtIn(whenInPageCache)
        guard let backing = content.cached.backing() else { return }
        if hasPages, !backing.isInPageCache, content.cached.bringIn() { return }
        withExtendedLifetime(backing) { body(backing.descriptor) }
    }

    /// Reads up to `count` bytes at `offset`; past the end of the file there are fewer, or none.
    ///
    /// Bytes that are here are passed to `body`, once, before the method returns `nil`. Otherwise `body` is not called
    /// and the read is returned, not yet started.
    public func read(
        at offset: Int64,
        count: Int,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) -> PendingContentRead? {
        // Compared before it is added: an offset may be as large as its type allows.
        guard offset < content.size, count > 0 else {
            body(UnsafeRawBufferPointer(start: nil, count: 0))
            return nil
        }
        let range = offset..<offset + min(Int64(count), content.size - offset)
        let limit = reader.pool.limit
        let (coverage, plan) = reader.state.withLock { $0.read(range, of: content, memory: limit) }
        guard answer(range, from: coverage, body) else {
            return PendingContentRead(range: range, plan: plan, content: content, reader: reader, keeping: self)
        }
        if plan.isRun {
            reader.state.withLock { $0.forgoRun(of: plan, of: content) }
        } else if !plan.ahead.isEmpty {
            reader.fetchAhead(plan, of: content)
        }
        return nil
    }

    fileprivate func prepareCompanions() {
        reader.prepareCompanions(of: content, in: surroundings)
    }

    private func answer(
        _ range: Range<Int64>,
        from coverage: Coverage,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        switch coverage {
        case .waiting: return false
        case .memory(let buffer, let indices):
            reader.counters.memory.count(indices.count)
            body(buffer.slice(indices))
            return true
        case .disk, .pieces:
            guard reader.withAssembled(range, of: content, from: coverage, body) else { return false }
            reader.counters.cache.count(range.count)
            return true
        }
    }
}

/// A read whose bytes are not here yet.
public final class PendingContentRead: Sendable {
    private let range: Range<Int64>
    private let plan: ReadAhead.Plan
    private let content: Content
    private let reader: RemoteReader
    /// The handle stays open while its read waits.
    private let handle: OpenContent
    private let waiter = Mutex<(id: UInt64?, isCancelled: Bool)>((nil, false))

    init(
        range: Range<Int64>,
        plan: ReadAhead.Plan,
        content: Content,
        reader: RemoteReader,
        keeping handle: OpenContent
    ) {
        self.range = range
        self.plan = plan
        self.content = content
        self.reader = reader
        self.handle = handle
    }

    /// Waits for the bytes, then answers `reply`. Called once; does not block.
    public func start(_ reply: any ContentReadReply) {
        if let failure = content.recentFailure(of: range, at: .now) {
            reader.state.withLock { $0.forgo(plan, of: content) }
            return reply.fail(failure)
        }
        let reply = NotedReply(reply: reply, content: content, range: range)
        let id = reader.state.withLock { $0.nextID() }
        waiter.withLock { $0.id = id }
        let deadline = ContinuousClock.now + reader.configuration.deadline
        reader.wait(Waiter(id: id, range: range, reply: reply, deadline: deadline), of: content, with: plan)
        // What was cancelled before it waited.
        if waiter.withLock({ $0.isCancelled }) { cancel() }
        if range.lowerBound == 0 {
            handle.prepareCompanions()
        }
    }

    /// Gives up: the reply fails with `cancelled` unless it has been answered. At any time, before the start too.
    public func cancel() {
        let id = waiter.withLock { waiter in
            waiter.isCancelled = true
            return waiter.id
        }
        guard let id else { return }
        reader.perform(reader.state.withLock { $0.cancel(id, of: content, pool: reader.pool) })
    }
}

/// A reply that notes with its content why a read has failed.
private struct NotedReply: ContentReadReply {
    let reply: any ContentReadReply
    let content: Content
    let range: Range<Int64>

    func succeed(_ bytes: UnsafeRawBufferPointer) {
        reply.succeed(bytes)
    }

    func fail(_ error: RemoteReadError) {
        content.noteFailure(error, of: range, at: .now)
        reply.fail(error)
    }
}
