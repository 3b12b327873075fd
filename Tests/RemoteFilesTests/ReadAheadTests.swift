import TestSupport
import Testing

@testable import RemoteFiles

@Suite struct ReadAheadTests {
    private static let size: Int64 = 1 << 32
    private static let window: Int64 = 64 << 20
    private static let request: Int64 = 128 << 10

    private func read(
        _ readAhead: inout ReadAhead,
        at offset: Int64,
        count: Int64 = request,
        window: Int64 = window
    ) -> [Range<Int64>] {
        readAhead.read(offset..<offset + count, size: Self.size, maximumWindow: window)
    }

    @Test func aLoneReadFetchesNothingAhead() {
        var readAhead = ReadAhead()
        #expect(read(&readAhead, at: 5 << 20, count: 4096) == [])
        #expect(read(&readAhead, at: 900 << 20, count: 4096) == [])
    }

    @Test func theWindowGrowsWithWhatWasConsumed() {
        var readAhead = ReadAhead()
        var ahead: [Int64] = []
        for step in 0..<64 {
            let end = Int64(step + 1) * Self.request
            _ = read(&readAhead, at: Int64(step) * Self.request)
            ahead.append((readAhead.streams[0].planned - end) >> 10)
        }
        // KiB ahead after 128 KiB, 256 KiB, 1 MiB, 8 MiB.
        #expect(ahead[0] == 0)
        #expect(ahead[1] == 512)
        #expect((1 << 10...2 << 10).contains(ahead[7]))
        #expect((30 << 10...32 << 10).contains(ahead[63]))
    }

    @Test func theWindowHasAMaximum() {
        var readAhead = ReadAhead()
        for step in 0..<2000 {
            _ = read(&readAhead, at: Int64(step) * Self.request, window: 8 << 20)
            #expect(readAhead.streams[0].planned <= Int64(step + 1) * Self.request + (8 << 20))
        }
    }

    @Test func nothingIsAskedForTwiceAndNothingLeftOut() {
        var readAhead = ReadAhead()
        var covered: Int64 = 0
        for step in 0..<3000 {
            let offset = Int64(step) * Self.request
            let ranges = read(&readAhead, at: offset)
            // The first two reads fetch themselves: nothing was known of them.
            if step < 2 {
                covered = offset + Self.request
            }
            for range in ranges {
                #expect(range.lowerBound == covered)
                covered = range.upperBound
            }
        }
    }

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
    }

    @Test func theEndOfTheFileIsTheEndOfTheWindow() {
        var readAhead = ReadAhead()
        var last: Int64 = 0
        for step in 0..<8 {
            let offset = Int64(step) * Self.request
            for range in readAhead.read(offset..<offset + Self.request, size: 1_000_001, maximumWindow: Self.window) {
                last = range.upperBound
            }
        }
        #expect(last == 1_000_001)
    }

    @Test func whatCouldNotBeFetchedIsPlannedAgain() {
        var readAhead = ReadAhead()
        for step in 0..<16 {
            _ = read(&readAhead, at: Int64(step) * Self.request)
        }
        let lost = (2 << 20) + Self.request
        #expect(readAhead.streams[0].planned > lost)
        readAhead.withdraw(lost..<lost + (2 << 20))
        #expect(read(&readAhead, at: 16 * Self.request).first?.lowerBound == 17 * Self.request)
    }
}
