/// How a content of a size is cut: into blocks, the unit of presence and of checksums, and chunks of 32 blocks, the
/// unit of recency and eviction.
///
/// 4 MiB chunks: one record of 272 bytes describes a chunk, so a read of up to a chunk costs one small `pread` of the
/// map; a fetch (2–4 MiB) touches one or two; punching a chunk's hole is one extent of the file system's tree.
struct ContentLayout: Equatable, Sendable {
    static let blockSize = 128 << 10
    static let blocksPerChunk = 32
    static let chunkSize = blockSize * blocksPerChunk

    /// What a chunk's record is charged with beside its blocks: the page of the map that it makes the file system
    /// allocate, and a share of the header's page. Without it a million tiny contents would cost nothing.
    static let recordCharge: Int64 = 8 << 10

    /// File systems allocate whole pages.
    static let allocationUnit: Int64 = 4 << 10

    /// Bytes of the content.
    let size: Int64

    init(size: Int64) {
        self.size = max(0, size)
    }

    var blockCount: Int { Int((size + Int64(Self.blockSize) - 1) / Int64(Self.blockSize)) }
    var chunkCount: Int { (blockCount + Self.blocksPerChunk - 1) / Self.blocksPerChunk }

    /// The bytes of a block: a whole block, or the content's tail.
    func bytes(ofBlock block: Int) -> Range<Int64> {
        let start = Int64(block) * Int64(Self.blockSize)
        return start..<min(size, start + Int64(Self.blockSize))
    }

    /// The bytes of a run of blocks.
    func bytes(ofBlocks blocks: Range<Int>) -> Range<Int64> {
        let start = Int64(blocks.lowerBound) * Int64(Self.blockSize)
        return start..<max(start, min(size, Int64(blocks.upperBound) * Int64(Self.blockSize)))
    }

    /// The blocks that hold any of the bytes, clipped to the content.
    func blocks(touching bytes: Range<Int64>) -> Range<Int> {
        let clipped = bytes.clamped(to: 0..<size)
        guard !clipped.isEmpty else { return 0..<0 }
        return Int(clipped.lowerBound / Int64(Self.blockSize))..<Int((clipped.upperBound - 1) / Int64(Self.blockSize))
            + 1
    }

    /// The blocks that the bytes are exactly: from a block's bound, whole blocks or up to the content's end.
    func blocks(exactly bytes: Range<Int64>) -> Range<Int>? {
        let blocks = blocks(touching: bytes)
        return blocks.isEmpty || self.bytes(ofBlocks: blocks) != bytes ? nil : blocks
    }

    /// The chunks that hold the blocks.
    func chunks(of blocks: Range<Int>) -> Range<Int> {
        guard !blocks.isEmpty else { return 0..<0 }
        return blocks.lowerBound / Self.blocksPerChunk..<(blocks.upperBound - 1) / Self.blocksPerChunk + 1
    }

    /// The blocks of a chunk.
    func blocks(ofChunk chunk: Int) -> Range<Int> {
        let start = chunk * Self.blocksPerChunk
        return start..<min(blockCount, start + Self.blocksPerChunk)
    }

    /// The places, in their chunk's record, of those of the blocks that are the chunk's.
    func slots(of blocks: Range<Int>, inChunk chunk: Int) -> Range<Int> {
        let start = chunk * Self.blocksPerChunk
        let own = blocks.clamped(to: self.blocks(ofChunk: chunk))
        return own.isEmpty ? 0..<0 : own.lowerBound - start..<own.upperBound - start
    }

    /// The bytes of disk that a chunk with these slots allocated is charged with.
    func charge(for allocated: UInt32, inChunk chunk: Int) -> Int64 {
        guard allocated != 0 else { return 0 }
        var charge = Self.recordCharge + Int64(allocated.nonzeroBitCount) * Int64(Self.blockSize)
        let tail = blockCount - 1 - chunk * Self.blocksPerChunk
        if (0..<Self.blocksPerChunk).contains(tail), allocated & (1 << UInt32(tail)) != 0 {
            let bytes = bytes(ofBlock: blockCount - 1)
            let pages = (bytes.upperBound - bytes.lowerBound + Self.allocationUnit - 1) / Self.allocationUnit
            charge += pages * Self.allocationUnit - Int64(Self.blockSize)
        }
        return charge
    }
}
