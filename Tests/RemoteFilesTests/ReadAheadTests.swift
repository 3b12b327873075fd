import TestSupport
import Testing

@testable import RemoteFiles

@Suite struct ReadAheadTests {
    private static let size: Int64 = 1 << 32
    private static let share: Int64 = 192 << 20
    private static let request: Int64 = 128 << 10
    /// Where no program begins to read a file through.
    private static let middle: Int64 = 900 << 20

    private func read(
        _ readAhead: inout ReadAhead,
        at offset: Int64,
        count: Int64 = request,
        share: Int64 = share,
        size: Int64 = size
    ) -> ReadAhead.Plan {
        readAhead.read(offset..<offset + count, size: size, share: share, connections: 32)
    }

    // MARK: Lone reads

    @Test(arguments: [0, 5 << 20, middle] as [Int64]) func aLoneReadBringsAtMostTwoBlocks(offset: Int64) {
        var readAhead = ReadAhead()
        let plan = read(&readAhead, at: offset + 4096, count: 4096)
        #expect(plan.ahead.isEmpty)
        #expect(plan.own == offset..<offset + block)
        let late = read(&readAhead, at: 3 * Self.middle + block - 4096, count: 4096)
        #expect(late.own == 3 * Self.middle..<3 * Self.middle + 2 * block)
        #expect(late.ahead.isEmpty)
    }

    @Test func readsHereAndThereFetchNothingAhead() {
        var readAhead = ReadAhead()
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let offset = Int64.random(in: 0..<100, using: &generator) * (40 << 20) + 5000
            #expect(
                read(&readAhead, at: offset, count: 65_536).ahead.isEmpty
                    || readAhead.streams.contains { $0.consumed > 65_536 }
            )
        }
    }

    @Test func theFilesEndIsTheEndOfALoneRead() {
        var readAhead = ReadAhead()
        let plan = read(&readAhead, at: Self.size - 28, count: 28, size: Self.size)
        #expect(plan.own == Self.size - block..<Self.size)
    }

    // MARK: Files that are read through

    @Test func theWindowGrowsWithWhatWasConsumed() {
        var readAhead = ReadAhead()
        var ahead: [Int64] = []
        for step in 0..<256 {
            let end = Int64(step + 1) * Self.request
            _ = read(&readAhead, at: Int64(step) * Self.request)
            ahead.append(readAhead.streams[0].planned - end)
        }
        // After 128 KiB, 256 KiB, 384 KiB, 1 MiB, 4 MiB, 32 MiB.
        #expect(ahead[0] <= block)
        #expect(ahead[1] == 0)
        #expect((2 * mebibyte...3 * mebibyte).contains(ahead[2]))
        #expect((6 * mebibyte...8 * mebibyte).contains(ahead[7]))
        #expect((24 * mebibyte...32 * mebibyte).contains(ahead[31]))
        #expect((124 * mebibyte...128 * mebibyte).contains(ahead[255]))
    }

    @Test func aLargeReadIsOfAProgramThatReadsThrough() {
        var readAhead = ReadAhead()
        let lone = read(&readAhead, at: Self.middle, count: mebibyte)
        #expect(lone == ReadAhead.Plan(own: Self.middle..<Self.middle + mebibyte))
        let second = read(&readAhead, at: Self.middle + mebibyte, count: mebibyte)
        #expect(second.ahead.first?.lowerBound == Self.middle + mebibyte)
        #expect(second.ahead.last?.upperBound == Self.middle + 17 * mebibyte)
        // At a file's start one is enough.
        let first = read(&readAhead, at: 0, count: mebibyte)
        #expect(first.own == 0..<mebibyte)
        #expect(first.ahead.last?.upperBound == 9 * mebibyte)
    }

    @Test func getsGrowWithTheWindowAndLeaveNoConnectionIdle() {
        #expect(ReadAhead.unit(of: 512 << 10, share: Self.share, connections: 32) == 256 << 10)
        #expect(ReadAhead.unit(of: 4 << 20, share: Self.share, connections: 32) == 1 << 20)
        #expect(ReadAhead.unit(of: 128 << 20, share: Self.share, connections: 32) == 4 << 20)
        // 32 GETs of 4 MiB don't fit.
        #expect(ReadAhead.unit(of: 96 << 20, share: 96 << 20, connections: 32) == 2 << 20)
        #expect(ReadAhead.unit(of: 6 << 20, share: 6 << 20, connections: 32) == 1 << 20)
    }

    @Test func theWindowStaysWithinItsShare() {
        var readAhead = ReadAhead()
        for step in 0..<2000 {
            _ = read(&readAhead, at: Int64(step) * Self.request, share: 8 << 20)
            #expect(readAhead.streams[0].planned <= Int64(step + 1) * Self.request + (8 << 20))
        }
    }

    @Test(arguments: [0, middle] as [Int64]) func nothingIsAskedForTwiceAndNothingLeftOut(start: Int64) {
        var readAhead = ReadAhead()
        var covered = start
        for step in 0..<3000 {
            let plan = read(&readAhead, at: start + Int64(step) * Self.request)
            for range in [plan.own].compactMap(\.self) + plan.ahead {
                #expect(range.lowerBound == covered)
                covered = range.upperBound
            }
            #expect(covered >= start + Int64(step + 1) * Self.request)
        }
    }

    @Test func theEndOfTheFileIsTheEndOfTheWindow() {
        var readAhead = ReadAhead()
        var last: Int64 = 0
        for step in 0..<8 {
            let plan = read(&readAhead, at: Int64(step) * Self.request, size: 1_000_001)
            last = plan.ahead.last?.upperBound ?? last
        }
        #expect(last == 1_000_001)
    }

    // MARK: Regions

    /// Reads a region as htslib does, and answers the GETs.
    private func region(_ readAhead: inout ReadAhead, at offset: Int64, length: Int64) -> [Range<Int64>] {
        var gets: [Range<Int64>] = []
        for step in 0..<length / 65_536 {
            let plan = read(&readAhead, at: offset + step * 65_536, count: 65_536)
            gets += [plan.own].compactMap(\.self) + plan.ahead
        }
        return gets
    }

    @Test func aSmallRegionIsOneGet() {
        var readAhead = ReadAhead()
        #expect(region(&readAhead, at: Self.middle, length: block) == [Self.middle..<Self.middle + block])
    }

    @Test func aRegionOfSomeMegabytesIsTwoGets() {
        var readAhead = ReadAhead()
        let gets = region(&readAhead, at: Self.middle, length: 5 * mebibyte)
        #expect(gets == [Self.middle..<Self.middle + block, Self.middle + block..<Self.middle + block + 8 * mebibyte])
    }

    @Test func aFilesRegionsAreExpectedToBeAlike() {
        var readAhead = ReadAhead()
        _ = region(&readAhead, at: Self.middle, length: mebibyte)
        let second = region(&readAhead, at: 2 * Self.middle, length: mebibyte)
        #expect(second.count == 2)
        #expect(second.last?.count == 2 << 20)
        // One long region among short ones is remembered for a while.
        _ = region(&readAhead, at: 3 * Self.middle, length: 4 * mebibyte)
        #expect(region(&readAhead, at: 4 * Self.middle, length: mebibyte).last?.count == 8 << 20)
        #expect(region(&readAhead, at: 4 * Self.middle + (99 << 20), length: mebibyte).last?.count == 4 << 20)
    }

    @Test func aRegionThatDoesNotEndIsReadThrough() {
        var readAhead = ReadAhead()
        let gets = region(&readAhead, at: Self.middle, length: 64 * mebibyte)
        #expect(gets.count > 8)
        #expect(readAhead.streams[0].isReadThrough)
    }

    // MARK: Streams

    @Test func theKernelsReorderingIsStillOneStream() {
        var readAhead = ReadAhead()
        for step in stride(from: 0, to: 64, by: 4) {
            for piece in [1, 0, 3, 2] {
                _ = read(&readAhead, at: Int64(step + piece) * Self.request)
            }
        }
        #expect(readAhead.streams.count == 1)
    }

    @Test func sixteenReadersOfOneFileAreSixteenStreams() {
        var readAhead = ReadAhead()
        for step in 0..<32 {
            for reader in 0..<16 {
                _ = read(&readAhead, at: Int64(reader) * (200 << 20) + Int64(step) * Self.request)
            }
        }
        #expect(readAhead.streams.count == 16)
        #expect(readAhead.streams.allSatisfy { $0.consumed == 32 * Self.request })
        #expect(readAhead.runners == 16)
    }

    @Test func aStreamThatIsReadNoMoreNeedsNoMemory() {
        var readAhead = ReadAhead()
        for step in 0..<8 {
            _ = read(&readAhead, at: Int64(step) * Self.request)
        }
        #expect(readAhead.runners == 1)
        for step in 0..<600 {
            _ = read(&readAhead, at: Self.middle + Int64(step) * Self.request)
        }
        #expect(readAhead.runners == 1)
    }

    @Test func whatCouldNotBeFetchedIsPlannedAgain() {
        var readAhead = ReadAhead()
        for step in 0..<16 {
            _ = read(&readAhead, at: Int64(step) * Self.request)
        }
        let lost = (2 << 20) + Self.request
        #expect(readAhead.streams[0].planned > lost)
        readAhead.withdraw(lost..<lost + (2 << 20))
        #expect(read(&readAhead, at: 16 * Self.request).ahead.first?.lowerBound == 17 * Self.request)
    }

    // MARK: Indexes

    @Test func anIndexIsFetchedWhole() {
        var readAhead = ReadAhead(readsWhole: true)
        let plan = read(&readAhead, at: 0, count: 4096, size: 9 * mebibyte + 5)
        #expect(plan.own == 0..<4 * mebibyte)
        #expect(plan.ahead == [4 * mebibyte..<8 * mebibyte, 8 * mebibyte..<9 * mebibyte + 5])
        #expect(read(&readAhead, at: 4096, size: 9 * mebibyte + 5) == ReadAhead.Plan())
    }

    @Test func anIndexLargerThanItsShareIsAFileLikeAnyOther() {
        var readAhead = ReadAhead(readsWhole: true)
        #expect(read(&readAhead, at: 0, count: 4096, share: 8 << 20, size: 9 << 20).own == 0..<block)
    }
}
