internal import Glibc
internal import Synchronization
internal import Threading

/// Reading past this cache: by the kernel, straight out of the data file.
///
/// What is lost on that way are the checksums, so a file is handed out only while a ``ContentStamp`` vouches for it. The
/// stamp is taken on a thread of its own: when this process has stored the last block of a content that somebody asked
/// ``backing()`` of, or when somebody asks for one that is whole and has no true stamp. Then every block that this process
/// did not store itself is read and compared first.
extension CachedContent {
    /// The content as a file that somebody else may read directly, if every block of it is present and known to be right;
    /// none of them is freed while the file is open somewhere. Reads a page of the map and opens the file; does not wait.
    ///
    /// Where there is none yet, asking is what makes one later: from then on the cache works towards a stamp.
    public func backing() -> BackingFile? {
        guard core.storage.hasFileForEachContent else { return nil }
        vouching.withLock { $0 = $0 ?? Vouching(layout) }
        guard let files = files(creating: false) else { return nil }
        guard isVouchedFor(files) else {
            if isComplete, vouching.withLock({ $0?.asked() ?? false }) { startVouching() }
            return nil
        }
        // Pinned first, then looked at: from here on nothing is freed, and what was freed before shows.
        guard let file = files.pin(), isVouchedFor(files) else { return nil }
        let isNoted = vouching.withLock { $0?.used(at: core.clock()) ?? false }
        if isNoted {
            _ = core.voucher.submit { self.noteUse(files) }
        }
        return file
    }

    /// Whether every block is present and right. One look at the data file and one at the map, however long they are: a
    /// block that goes takes the stamp with it.
    private func isVouchedFor(_ files: ContentFiles) -> Bool {
        guard let now = files.currentStamp, now.fileSize == layout.size else { return false }
        // In this order: what this process knows and has not told the disk yet may be there by the time the disk is asked.
        if vouching.withLock({ $0?.vouches(for: now) ?? false }) { return true }
        guard files.stamp == now else { return false }
        vouching.withLock { $0?.foundOnDisk(now) }
        return true
    }

    /// Brings the data file into the page cache, on a thread of its own. False if it is too large for that.
    public func bringIn() -> Bool {
        guard core.memory.canCache(layout.size), let files = files(creating: false) else { return false }
        guard !isComingIn.exchange(true, ordering: .acquiringAndReleasing) else { return true }
        let isQueued = core.voucher.submit {
            self.bringIn(files)
            self.isComingIn.store(false, ordering: .releasing)
        }
        if !isQueued { isComingIn.store(false, ordering: .releasing) }
        return isQueued
    }

    private func bringIn(_ files: ContentFiles) {
        files.bringIn(while: { !core.isClosing })
        let call = broughtIn.withLock { call in
            defer { call = nil }
            return call
        }
        call?()
    }

    /// Sets whom to tell, once, when the data file has been brought into the page cache.
    public func whenBroughtIn(_ call: @escaping @Sendable () -> Void) {
        broughtIn.withLock { $0 = call }
    }

    /// Blocks of the content were stored by this process.
    func trust(_ blocks: Range<Int>) {
        if vouching.withLock({ $0?.stored(blocks) ?? false }) { startVouching() }
    }

    /// Who reads directly leaves no trace in the chunks' recency, so opening counts as using all of them.
    private func noteUse(_ files: ContentFiles) {
        guard files.isWritable else { return }
        for chunk in 0..<layout.chunkCount where !core.isClosing {
            let recency = files.record(ofChunk: chunk).recency
            let touched = recency.touched(at: core.clock())
            if touched != recency { files.save(touched, ofChunk: chunk) }
        }
    }

    // MARK: Taking a stamp

    private func startVouching() {
        // Of a copy of thousands of files the first ones are enough: each that waits keeps its descriptors open. Whoever
        // opens one of the others asks again.
        guard core.voucher.backlog < Self.longestBacklog, let files = files(creating: false), files.isWritable,
            let start = files.currentStamp, start.fileSize == layout.size
        else { return endVouching() }
        _ = core.voucher.submit { self.vouch(files, since: start, from: 0) }
    }

    private func endVouching() {
        if vouching.withLock({ $0?.failed() ?? false }) { startVouching() }
    }

    /// Reads the next blocks that are not known to be right, and goes on behind whatever else is queued; in the end takes the
    /// stamp, if the data file is still as it was at the start.
    private func vouch(_ files: ContentFiles, since start: ContentStamp, from block: Int) {
        if let blocks = vouching.withLock({ $0?.untrusted(from: block, limit: Self.blocksPerTurn) }) {
            guard blocks.allSatisfy({ !core.isClosing && isRight($0) }), files.currentStamp == start else {
                return giveUp(files, since: start)
            }
            _ = core.voucher.submit { self.vouch(files, since: start, from: blocks.upperBound) }
            return
        }
        guard settles(start), files.currentStamp == start, isComplete else { return giveUp(files, since: start) }
        // For this process that is enough, and it does not have to wait for the disk.
        vouching.withLock { $0?.found(start) }
        guard files.synchronize(while: { core.hasTime }), files.currentStamp == start, files.save(start) == nil else {
            return giveUp(files, since: start)
        }
        vouching.withLock { $0?.succeeded(with: start) }
        // The stores went past the page cache. Whoever reads the file again reads it from there, if nothing has to make
        // room for it.
        if core.memory.hasIdle(layout.size) {
            bringIn(files)
        }
    }

    private func giveUp(_ files: ContentFiles, since start: ContentStamp) {
        if files.currentStamp != start {
            vouching.withLock { $0?.distrust() }
        }
        endVouching()
    }

    private static let longestBacklog = 64

    /// 64 MiB: a tenth of a second, so that a small content does not wait for a large one.
    private static let blocksPerTurn = 512

    /// Reads a block; what is wrong becomes absent.
    private func isRight(_ block: Int) -> Bool {
        let bytes = layout.bytes(ofBlock: block)
        let scratch = core.scratch.take()
        defer { core.scratch.put(scratch) }
        let buffer = UnsafeMutableRawBufferPointer(rebasing: scratch[..<Int(bytes.upperBound - bytes.lowerBound)])
        return read(buffer, at: bytes.lowerBound)
    }

    /// Waits, milliseconds as a rule, until a later change would show in the change time.
    private func settles(_ stamp: ContentStamp) -> Bool {
        while !stamp.isSettled(at: FileIO.coarseTime) {
            guard core.hasTime else { return false }
            usleep(Self.pause)
        }
        return true
    }

    /// A tick of most kernels.
    private static let pause: UInt32 = 4000
}
