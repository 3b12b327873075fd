import Testing

@testable import BlockCache

@Suite struct ContentLayoutTests {
    @Test func blocksAndChunksOfASize() {
        #expect(ContentLayout(size: 0).blockCount == 0)
        #expect(ContentLayout(size: 1).blockCount == 1)
        #expect(ContentLayout(size: Int64(block)).blockCount == 1)
        #expect(ContentLayout(size: Int64(block) + 1).blockCount == 2)
        #expect(ContentLayout(size: Int64(chunk)).chunkCount == 1)
        #expect(ContentLayout(size: Int64(chunk) + 1).chunkCount == 2)
        #expect(ContentLayout(size: -5).blockCount == 0)
    }

    @Test func onlyWholeBlocksAndTheTailAreExact() {
        let layout = ContentLayout(size: Int64(2 * block + 5))
        #expect(layout.blocks(exactly: 0..<Int64(block)) == 0..<1)
        #expect(layout.blocks(exactly: Int64(block)..<Int64(2 * block + 5)) == 1..<3)
        #expect(layout.blocks(exactly: 1..<Int64(block)) == nil)
        #expect(layout.blocks(exactly: 0..<Int64(block + 1)) == nil)
        #expect(layout.blocks(exactly: Int64(2 * block)..<Int64(2 * block + 6)) == nil)
        #expect(layout.blocks(exactly: 0..<0) == nil)
    }

    @Test func slotsOfAChunk() {
        let layout = ContentLayout(size: Int64(3 * chunk))
        #expect(layout.slots(of: 30..<70, inChunk: 0) == 30..<32)
        #expect(layout.slots(of: 30..<70, inChunk: 1) == 0..<32)
        #expect(layout.slots(of: 30..<70, inChunk: 2) == 0..<6)
        #expect(layout.chunks(of: 30..<70) == 0..<3)
        #expect(layout.chunks(of: 31..<32) == 0..<1)
    }

    @Test func aSmallContentIsChargedForItsPagesNotForABlock() {
        let layout = ContentLayout(size: 200)
        #expect(layout.charge(for: 1, inChunk: 0) == ContentLayout.recordCharge + 4096)
        #expect(layout.charge(for: 0, inChunk: 0) == 0)
        let large = ContentLayout(size: Int64(chunk + block + 1))
        #expect(large.charge(for: .max, inChunk: 0) == ContentLayout.recordCharge + Int64(chunk))
        #expect(large.charge(for: 0b11, inChunk: 1) == ContentLayout.recordCharge + Int64(block) + 4096)
    }
}
