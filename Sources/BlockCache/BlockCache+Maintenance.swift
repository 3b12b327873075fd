/// What `basespacefs cache` does. All of it may be done while mounts use the cache.
extension BlockCache {
    /// What a cache holds.
    public struct Info: Sendable, Equatable {
        /// Bytes of disk charged.
        public var bytes: Int64
        /// Bytes of disk that may be; nil for an existing cache that was opened to look after it: limits are the mounts'.
        public var limit: Int64?
        /// Contents of which something is stored.
        public var contents: Int
    }

    /// What a verification found.
    public struct Verification: Sendable, Equatable {
        /// Contents looked at.
        public var contents = 0
        /// Blocks looked at.
        public var blocks = 0
        /// Bytes looked at.
        public var bytes: Int64 = 0
        /// Blocks that were not what their checksum says; they are dropped.
        public var wrong = 0
        /// False if it was stopped before it had looked at all of them.
        public var isComplete = true
    }

    private struct Stopped: Error {}

    /// What the cache holds.
    public func info() -> Info {
        Info(
            bytes: core.ledger.used,
            limit: core.limit == CacheCore.noLimit ? nil : core.limit,
            contents: core.storage.names().count
        )
    }

    /// Reads every block and drops the wrong ones. Takes as long as it takes to read the cache.
    /// - Parameter goesOn: asked before each block, with what was found so far; false ends it there.
    public func verify(while goesOn: (Verification) -> Bool = { _ in true }) -> Verification {
        var result = Verification()
        do throws(Stopped) {
            try core.storage.forEachContent(ledger: core.ledger) { files throws(Stopped) in
                result.contents += 1
                for chunk in 0..<files.layout.chunkCount {
                    try verify(chunk, of: files, &result, goesOn)
                }
            }
        } catch {
            result.isComplete = false
        }
        return result
    }

    private func verify(
        _ chunk: Int,
        of files: ContentFiles,
        _ result: inout Verification,
        _ goesOn: (Verification) -> Bool
    ) throws(Stopped) {
        let record = files.record(ofChunk: chunk)
        for block in files.layout.blocks(ofChunk: chunk) {
            let slot = block - chunk * ContentLayout.blocksPerChunk
            let checksum = record.checksum(slot)
            guard checksum != 0 else { continue }
            guard goesOn(result) else { throw Stopped() }
            let range = files.layout.bytes(ofBlock: block)
            let scratch = core.scratch.take()
            defer { core.scratch.put(scratch) }
            let bytes = UnsafeMutableRawBufferPointer(
                rebasing: scratch[..<Int(range.upperBound - range.lowerBound)]
            )
            _ = files.read(bytes, at: range.lowerBound)
            let actual = BlockChecksum.of(UnsafeRawBufferPointer(bytes), block: block, seed: files.name.seed)
            result.blocks += 1
            result.bytes += range.upperBound - range.lowerBound
            // A block that was evicted or stored meanwhile has another word by now.
            if actual != checksum, core.ledger.drop(slot, ofChunk: chunk, checksum: checksum, of: files) {
                result.wrong += 1
            }
        }
    }

    /// Evicts until at most `bytes` are charged, in the order of a cache that has this limit. Returns the bytes freed.
    @discardableResult
    public func prune(to bytes: Int64) -> Int64 {
        let used = core.ledger.used
        guard used > bytes else { return 0 }
        // The order reserves a share of the limit for what is new. Our own limit says nothing of how little is to stay,
        // and an existing cache that is looked after has none.
        let evictor = Evictor(storage: core.storage, ledger: core.ledger, limit: bytes, clock: core.clock)
        return evictor.free(used - bytes)
    }

    /// Removes everything. Contents that are open become empty; the others' files go. Returns the bytes freed.
    @discardableResult
    public func clear() -> Int64 {
        let freed = core.evictor.free(.max)
        for name in core.storage.names() {
            core.storage.removeUnused(name, ledger: core.ledger)
        }
        return freed
    }
}
