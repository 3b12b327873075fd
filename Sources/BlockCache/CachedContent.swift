internal import Synchronization
internal import SystemPackage

/// One content of a cache. Any thread may call anything.
///
/// Without a usable disk it is an empty content that drops what it is given.
public final class CachedContent: Sendable {
    /// What it is the content of.
    public let key: ContentKey
    let core: CacheCore
    let layout: ContentLayout
    private let name: ContentName
    /// The open files, once there are any.
    private let opened = AtomicLazyReference<ContentFiles>()
    /// A block that was absent when `isComplete` last looked, where it looks first.
    private let absentHint = Atomic<Int>(0)
    /// What this process knows of the blocks, once somebody has asked for `backing()`.
    let vouching = Mutex<Vouching?>(nil)
    let broughtIn = Mutex<(@Sendable () -> Void)?>(nil)
    /// Whether the data file is on its way into the page cache: who opens it meanwhile asks for nothing more.
    let isComingIn = Atomic(false)

    init(_ key: ContentKey, core: CacheCore) {
        self.key = key
        self.core = core
        layout = ContentLayout(size: key.size)
        name = ContentName(key)
        _ = files(creating: false)
    }

    /// The content's files. Opening again when there are none finds what another process has created since.
    func files(creating: Bool) -> ContentFiles? {
        if let files = opened.load() {
            return files
        }
        guard layout.size > 0, let files = core.open(key, name, creating: creating) else { return nil }
        return opened.storeIfNil(files)
    }

    // MARK: Reading

    /// Fills `buffer` with the content's bytes from `offset` on.
    ///
    /// Every block that is touched is verified as a whole. Blocks that the request covers are read straight into the
    /// buffer and hashed there; of the others a pooled scratch buffer is filled, hashed, and the part copied out. A
    /// block that doesn't match becomes absent. No allocation, no lock; only `pread`.
    /// - Returns: false, and the buffer is undefined, if a byte is not present or not right.
    public func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        guard offset >= 0, offset <= layout.size, Int64(buffer.count) <= layout.size - offset else { return false }
        guard !buffer.isEmpty else { return true }
        let isHit = fill(buffer, at: offset)
        core.counters.read(isHit: isHit)
        return isHit
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        guard let files = opened.load() else { return false }
        let request = Request(bytes: offset..<offset + Int64(buffer.count), buffer: buffer)
        let blocks = layout.blocks(touching: request.bytes)
        for chunk in layout.chunks(of: blocks) {
            let record = files.record(ofChunk: chunk)
            let slots = layout.slots(of: blocks, inChunk: chunk)
            guard read(slots, ofChunk: chunk, record, files, request) else { return false }
            let recency = record.recency.touched(at: core.clock())
            if recency != record.recency, files.isWritable {
                files.save(recency, ofChunk: chunk)
            }
        }
        return true
    }

    private struct Request {
        let bytes: Range<Int64>
        let buffer: UnsafeMutableRawBufferPointer

        /// Where bytes of the content go, all of which are asked for.
        func destination(of part: Range<Int64>) -> UnsafeMutableRawBufferPointer {
            let start = Int(part.lowerBound - bytes.lowerBound)
            return UnsafeMutableRawBufferPointer(
                rebasing: buffer[start..<start + Int(part.upperBound - part.lowerBound)]
            )
        }
    }

    private func read(
        _ slots: Range<Int>,
        ofChunk chunk: Int,
        _ record: ChunkRecord,
        _ files: ContentFiles,
        _ request: Request
    ) -> Bool {
        for slot in slots where record.checksum(slot) == 0 {
            return false
        }
        let first = chunk * ContentLayout.blocksPerChunk
        // Only the first and the last block of a request can be asked for in part.
        var whole = slots
        if layout.bytes(ofBlock: first + slots.lowerBound).lowerBound < request.bytes.lowerBound {
            guard readPart(slots.lowerBound, ofChunk: chunk, record, files, request) else { return false }
            whole = slots.lowerBound + 1..<slots.upperBound
        }
        if !whole.isEmpty, layout.bytes(ofBlock: first + whole.upperBound - 1).upperBound > request.bytes.upperBound {
            guard readPart(whole.upperBound - 1, ofChunk: chunk, record, files, request) else { return false }
            whole = whole.lowerBound..<whole.upperBound - 1
        }
        guard !whole.isEmpty else { return true }
        let run = layout.bytes(ofBlocks: first + whole.lowerBound..<first + whole.upperBound)
        // Bytes that can't be read leave their block's checksum to say so.
        _ = files.read(request.destination(of: run), at: run.lowerBound)
        for slot in whole {
            let bytes = request.destination(of: layout.bytes(ofBlock: first + slot))
            guard verify(UnsafeRawBufferPointer(bytes), slot, ofChunk: chunk, record, files) else { return false }
        }
        return true
    }

    private func readPart(
        _ slot: Int,
        ofChunk chunk: Int,
        _ record: ChunkRecord,
        _ files: ContentFiles,
        _ request: Request
    ) -> Bool {
        let bytes = layout.bytes(ofBlock: chunk * ContentLayout.blocksPerChunk + slot)
        let wanted = bytes.clamped(to: request.bytes)
        let scratch = core.scratch.take()
        defer { core.scratch.put(scratch) }
        let block = UnsafeMutableRawBufferPointer(rebasing: scratch[..<Int(bytes.upperBound - bytes.lowerBound)])
        _ = files.read(block, at: bytes.lowerBound)
        guard verify(UnsafeRawBufferPointer(block), slot, ofChunk: chunk, record, files) else { return false }
        let start = Int(wanted.lowerBound - bytes.lowerBound)
        let part = UnsafeRawBufferPointer(block)[start..<start + Int(wanted.upperBound - wanted.lowerBound)]
        request.destination(of: wanted).copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
        return true
    }

    private func verify(
        _ bytes: UnsafeRawBufferPointer,
        _ slot: Int,
        ofChunk chunk: Int,
        _ record: ChunkRecord,
        _ files: ContentFiles
    ) -> Bool {
        let block = chunk * ContentLayout.blocksPerChunk + slot
        let checksum = record.checksum(slot)
        if BlockChecksum.of(bytes, block: block, seed: name.seed) == checksum {
            return true
        }
        // An eviction between the look at the map and the read looks the same, but has cleared the map already.
        if files.doubt(slot: slot, ofChunk: chunk, checksum: checksum) {
            core.counters.foundDamage()
            core.log.damaged(block: block, of: key)
        }
        return false
    }

    // MARK: What is present

    /// The first run of whole blocks that are not present among those that `range` touches, clipped to the content's
    /// size; nil if all of them are. It believes the map: a read may still find a block damaged.
    public func firstMissing(in range: Range<Int64>) -> Range<Int64>? {
        let blocks = layout.blocks(touching: range)
        guard !blocks.isEmpty else { return nil }
        guard let files = files(creating: false) else { return layout.bytes(ofBlocks: blocks) }
        var missing: Range<Int>?
        for chunk in layout.chunks(of: blocks) {
            let record = files.record(ofChunk: chunk)
            let first = chunk * ContentLayout.blocksPerChunk
            for slot in layout.slots(of: blocks, inChunk: chunk) {
                let isPresent = record.checksum(slot) != 0
                if let run = missing {
                    if isPresent {
                        return layout.bytes(ofBlocks: run)
                    }
                    missing = run.lowerBound..<first + slot + 1
                } else if !isPresent {
                    missing = first + slot..<first + slot + 1
                }
            }
        }
        return missing.map(layout.bytes(ofBlocks:))
    }

    /// Whether every block is present, as far as the map says. Any block may be evicted the moment after.
    public var isComplete: Bool {
        let hint = absentHint.load(ordering: .relaxed)
        for range in [layout.bytes(ofBlocks: hint..<layout.blockCount), 0..<layout.size] {
            if let missing = firstMissing(in: range) {
                absentHint.store(Int(missing.lowerBound) / ContentLayout.blockSize, ordering: .relaxed)
                return false
            }
        }
        return true
    }
}
