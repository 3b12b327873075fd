internal import SystemPackage
internal import Threading

extension CachedContent {
    /// Memory that a caller of `store` lends until its completion.
    ///
    /// `@unchecked Sendable`: the caller's promise is not to change or free it until then, and we only read.
    private struct LentBytes: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
    }

    /// Queues bytes for the writer threads.
    ///
    /// Whole fetches (megabytes) in page-aligned memory are written past the page cache; anything else goes through it.
    /// Bytes that can't be stored are dropped.
    /// - Parameters:
    ///   - bytes: whole blocks, or up to the end of the content (anything else is dropped). The memory must stay valid
    ///     and unchanged until `completion`.
    ///   - offset: a block's bound.
    ///   - completion: called exactly once, on a writer thread, also when nothing was stored; on the caller's thread
    ///     before `store` returns if the cache has been shut down.
    public func store(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int64,
        completion: @escaping @Sendable () -> Void
    ) {
        let lent = LentBytes(bytes: bytes)
        let isQueued = core.writers.submit {
            self.write(lent.bytes, at: offset)
            completion()
        }
        if !isQueued {
            completion()
        }
    }

    /// Reserves, writes, and then makes the blocks present.
    private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        let end = offset.addingReportingOverflow(Int64(bytes.count))
        guard offset >= 0, !end.overflow, let blocks = layout.blocks(exactly: offset..<end.partialValue),
            let files = files(creating: true), firstMissing(in: offset..<end.partialValue) != nil
        else { return }
        // A disk that is full although the limit has room: what is older makes room once.
        for _ in 0..<2 {
            let seen = core.evictor.passCount
            guard let reservation = core.reserve(blocks, of: files) else { return }
            guard let error = files.write(bytes, at: offset) else {
                commit(blocks, bytes, at: offset, reservation, files)
                return
            }
            core.ledger.release(reservation, of: files)
            core.log.dropped("its blocks can't be written: \(error)")
            guard error == .noSpace, core.evictor.makeRoom(for: Int64(bytes.count), after: seen) else { return }
        }
    }

    private func commit(
        _ blocks: Range<Int>,
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int64,
        _ reservation: Ledger.Reservation,
        _ files: ContentFiles
    ) {
        let checksums = blocks.map { block in
            let range = layout.bytes(ofBlock: block)
            let part = bytes[Int(range.lowerBound - offset)..<Int(range.upperBound - offset)]
            return BlockChecksum.of(UnsafeRawBufferPointer(rebasing: part), block: block, seed: files.name.seed)
        }
        if let error = core.ledger.commit(blocks, checksums: checksums, of: files) {
            core.ledger.release(reservation, of: files)
            core.log.dropped("its map can't be written: \(error)")
        } else {
            trust(blocks)
            core.counters.stored(bytes.count)
        }
    }
}
