internal import SystemPackage

/// The changes of allocation, each under the ledger's lock.
extension Ledger {
    /// What a cache may use.
    struct Allowance {
        /// Bytes of disk for all contents.
        var limit: Int64
        /// Bytes that the file system can still take before it has less free than it should; nil: no such bound.
        var available: Int64?
    }

    /// The slots that a store was the first to allocate.
    struct Reservation {
        var added: [(chunk: Int, slots: UInt32)] = []
    }

    enum ReservationOutcome {
        case reserved(Reservation)
        /// So many bytes must go first.
        case short(Int64)
        case failed(Errno)
    }

    /// Charges the blocks that have no bytes on disk yet, if the allowance has room for them.
    func reserve(
        _ blocks: Range<Int>,
        of files: ContentFiles,
        within allowance: Allowance,
        at now: UInt64
    ) -> ReservationOutcome {
        locked { account in
            var reservation = Reservation()
            var records: [(chunk: Int, record: ChunkRecord)] = []
            var charge: Int64 = 0
            for chunk in files.layout.chunks(of: blocks) {
                var record = files.record(ofChunk: chunk)
                charge -= files.layout.charge(for: record.allocated, inChunk: chunk)
                let added = record.reserve(files.layout.slots(of: blocks, inChunk: chunk), at: now)
                charge += files.layout.charge(for: record.allocated, inChunk: chunk)
                reservation.added.append((chunk, added))
                records.append((chunk, record))
            }
            let short = max(account.used + charge - allowance.limit, charge - (allowance.available ?? charge))
            guard charge == 0 || short <= 0 else { return .short(short) }
            if charge > 0, let error = account.change(by: charge) {
                return .failed(error)
            }
            for (chunk, record) in records {
                if let error = files.save(record, ofChunk: chunk) {
                    release(reservation, of: files, &account)
                    return .failed(error)
                }
            }
            return .reserved(reservation)
        }
    }

    /// Makes blocks whose bytes were written present. Those that were evicted meanwhile are freed again: for as long as the
    /// write took, the disk held them beyond the charge. (Only a cache of a few chunks evicts chunks that young.)
    func commit(_ blocks: Range<Int>, checksums: [UInt64], of files: ContentFiles) -> Errno? {
        locked { _ in
            for chunk in files.layout.chunks(of: blocks) {
                var record = files.record(ofChunk: chunk)
                let first = chunk * ContentLayout.blocksPerChunk
                for slot in files.layout.slots(of: blocks, inChunk: chunk) {
                    let block = first + slot
                    if !record.commit(slot, checksum: checksums[block - blocks.lowerBound]) {
                        _ = files.unlessPinned { files.free(block..<block + 1) }
                    }
                }
                if let error = files.save(record, ofChunk: chunk) {
                    return error
                }
            }
            return nil
        }
    }

    /// Gives back what a reservation allocated.
    func release(_ reservation: Reservation, of files: ContentFiles) {
        locked { release(reservation, of: files, &$0) }
    }

    private func release(_ reservation: Reservation, of files: ContentFiles, _ account: inout Account) {
        for (chunk, slots) in reservation.added {
            _ = free(slots, ofChunk: chunk, of: files, &account)
        }
    }

    /// Evicts a chunk, unless it is pinned or was used since `recency` was looked up. Returns the bytes that are free now.
    func evict(_ chunk: Int, of files: ContentFiles, usedAt recency: Recency) -> Int64 {
        locked { account in
            let record = files.record(ofChunk: chunk)
            return record.recency == recency ? free(record.allocated, ofChunk: chunk, of: files, &account) : 0
        }
    }

    /// Frees a block that turned out to be wrong, unless its checksum is another one by now. Of a content that is pinned it
    /// becomes not present, so that nobody else is given it.
    func drop(_ slot: Int, ofChunk chunk: Int, checksum: UInt64, of files: ContentFiles) -> Bool {
        locked { account in
            guard files.isWritable, files.record(ofChunk: chunk).checksum(slot) == checksum else { return false }
            return free(1 << UInt32(slot), ofChunk: chunk, of: files, &account) > 0
                || files.doubt(slot: slot, ofChunk: chunk, checksum: checksum)
        }
    }

    /// Frees slots of a chunk: first nobody reads them, then their bytes go, then their charge. Returns the bytes freed;
    /// none if the content is pinned, which changes nothing, or if the file system can't punch holes, and then the slots stay
    /// charged.
    private func free(_ slots: UInt32, ofChunk chunk: Int, of files: ContentFiles, _ account: inout Account) -> Int64 {
        let freed = files.unlessPinned { freeUnpinned(slots, ofChunk: chunk, of: files) } ?? 0
        if freed != 0 { _ = account.change(by: -freed) }
        return freed
    }

    private func freeUnpinned(_ slots: UInt32, ofChunk chunk: Int, of files: ContentFiles) -> Int64 {
        var record = files.record(ofChunk: chunk)
        let slots = slots & record.allocated
        guard slots != 0 else { return 0 }
        let before = files.layout.charge(for: record.allocated, inChunk: chunk)
        record.doubt(slots)
        guard files.save(record, ofChunk: chunk) == nil else { return 0 }
        for run in Self.runs(of: slots) {
            let first = chunk * ContentLayout.blocksPerChunk
            guard files.free(first + run.lowerBound..<first + run.upperBound) == nil else { return 0 }
        }
        record.free(slots)
        guard files.save(record, ofChunk: chunk) == nil else { return 0 }
        return before - files.layout.charge(for: record.allocated, inChunk: chunk)
    }

    /// The runs of ones, from the lowest bit up.
    static func runs(of bits: UInt32) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var slot = 0
        while slot < 32, bits >> UInt32(slot) != 0 {
            let start = slot + (bits >> UInt32(slot)).trailingZeroBitCount
            let end = start + (~(bits >> UInt32(start))).trailingZeroBitCount
            runs.append(start..<end)
            slot = end
        }
        return runs
    }
}
