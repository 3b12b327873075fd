import Testing

@testable import BlockCache

@Suite struct ChunkRecordTests {
    @Test func aRecordIsAsLargeInMemoryAsOnDisk() {
        #expect(MemoryLayout<ChunkRecord>.size == ChunkRecord.size)
        #expect(MemoryLayout<ChunkRecord>.stride == ChunkRecord.size)
    }

    @Test func aReservedBlockIsNotPresentUntilItIsCommitted() {
        var record = ChunkRecord()
        let added1 = record.reserve(3..<5, at: 7)
        #expect(added1 == 0b11000)
        #expect(record.allocated == 0b11000)
        #expect(record.checksum(3) == 0)
        let committed1 = record.commit(3, checksum: 99)
        #expect(committed1)
        #expect(record.checksum(3) == 99)
        #expect(record.checksum(4) == 0)
    }

    @Test func whatIsAllocatedIsNotReservedAgain() {
        var record = ChunkRecord()
        _ = record.reserve(0..<4, at: 7)
        let added2 = record.reserve(2..<6, at: 7)
        #expect(added2 == 0b110000)
    }

    @Test func aBlockThatWasFreedMeanwhileCanNotBeCommitted() {
        var record = ChunkRecord()
        _ = record.reserve(0..<2, at: 7)
        record.free(0b01)
        let committed2 = record.commit(0, checksum: 1)
        #expect(!committed2)
        let committed3 = record.commit(1, checksum: 1)
        #expect(committed3)
        #expect(record.checksum(0) == 0)
    }

    @Test func aDoubtedBlockKeepsItsPlace() {
        var record = ChunkRecord()
        _ = record.reserve(0..<32, at: 7)
        let committed4 = record.commit(31, checksum: 5)
        #expect(committed4)
        record.doubt(UInt32.max)
        #expect(record.checksum(31) == 0)
        #expect(record.allocated == .max)
        let committed5 = record.commit(31, checksum: 6)
        #expect(committed5)
    }

    @Test func aChunkWithoutBlocksHasNoRecency() {
        var record = ChunkRecord()
        _ = record.reserve(0..<1, at: 7)
        #expect(record.recency == Recency(storedAt: 7))
        record.free(1)
        #expect(record == ChunkRecord())
    }

    @Test func runsOfBits() {
        #expect(Ledger.runs(of: 0) == [])
        #expect(Ledger.runs(of: .max) == [0..<32])
        #expect(Ledger.runs(of: 0b1000_0110) == [1..<3, 7..<8])
        #expect(Ledger.runs(of: 1 << 31) == [31..<32])
        #expect(ChunkRecord.bits(0..<32) == .max)
        #expect(ChunkRecord.bits(5..<5) == 0)
    }
}

@Suite struct RecencyTests {
    @Test func aUseRightAfterTheStoreSaysNothing() {
        let stored = Recency(storedAt: 1000)
        #expect(stored.touched(at: 1000 + Recency.correlation - 1) == stored)
    }

    @Test func aLaterUseProtects() {
        let used = Recency(storedAt: 1000).touched(at: 1000 + Recency.correlation)
        #expect(used.isProtected)
        #expect(used.stamp == 1000 + Recency.correlation)
    }

    @Test func aProtectedStampIsRenewedNowAndThen() {
        let used = Recency(storedAt: 0).touched(at: 100_000)
        #expect(used.touched(at: 100_001) == used)
        let later = used.touched(at: 100_000 + Recency.renewal)
        #expect(later.isProtected)
        #expect(later.stamp == 100_000 + Recency.renewal)
    }

    @Test func aClockThatWasSetBackCountsFromThere() {
        let stored = Recency(storedAt: 1_000_000).touched(at: 500)
        #expect(stored.stamp == 500)
        #expect(!stored.isProtected)
    }
}
