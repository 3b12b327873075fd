import Testing

@testable import Uploads

@Suite struct PartLayoutTests {
    private static let mebibyte: Int64 = 1 << 20
    private static let gibibyte: Int64 = 1 << 30

    struct Row: Sendable {
        let wanted: Int64
        let number: Int
        let start: Int64
        let length: Int64
    }

    @Test(arguments: [
        Row(wanted: 8 * mebibyte, number: 1, start: 0, length: 8 * mebibyte),
        Row(wanted: 8 * mebibyte, number: 5000, start: 4999 * 8 * mebibyte, length: 8 * mebibyte),
        Row(wanted: 8 * mebibyte, number: 5001, start: 5000 * 8 * mebibyte, length: 16 * mebibyte),
        Row(wanted: 8 * mebibyte, number: 5500, start: (5000 * 8 + 499 * 16) * mebibyte, length: 16 * mebibyte),
        Row(wanted: 8 * mebibyte, number: 5501, start: (5000 * 8 + 500 * 16) * mebibyte, length: 32 * mebibyte),
        Row(wanted: 8 * mebibyte, number: 9500, start: 4_123_904 * mebibyte, length: 4 * gibibyte),
        // Beyond what S3 takes.
        Row(wanted: 8 * mebibyte, number: 9501, start: 4_128_000 * mebibyte, length: 5 * gibibyte),
        // Too small a wish, an odd one, and too large a one.
        Row(wanted: 1, number: 2, start: 5 * mebibyte, length: 5 * mebibyte),
        Row(wanted: 5 * mebibyte + 1, number: 2, start: 6 * mebibyte, length: 6 * mebibyte),
        Row(wanted: Int64.max, number: 10_000, start: 9999 * 5 * gibibyte, length: 5 * gibibyte),
    ])
    func aPartsSizeDependsOnItsNumberAlone(row: Row) {
        let range = PartLayout(partSize: row.wanted).range(ofPart: row.number)
        #expect(range.lowerBound == row.start)
        #expect(range.upperBound - range.lowerBound == row.length)
    }

    @Test func tenThousandPartsHoldMoreThanAnObjectMayHave() {
        #expect(PartLayout(partSize: 8 * Self.mebibyte).capacity > 5 << 40)
    }

    @Test(arguments: [5, 8, 1000] as [Int64])
    func partsAreWithoutGapOrOverlapAndWholeMebibytes(mebibytes: Int64) {
        let layout = PartLayout(partSize: mebibytes * Self.mebibyte)
        var end: Int64 = 0
        for number in 1...PartLayout.maximumParts {
            let range = layout.range(ofPart: number)
            #expect(range.lowerBound == end)
            #expect(range.upperBound % Self.mebibyte == 0 && !range.isEmpty)
            end = range.upperBound
        }
        #expect(end == layout.capacity)
    }

    @Test(arguments: [(0, 0), (1, 1), (8 << 20, 1), (8 << 20 | 1, 2), (20 << 20, 3)] as [(Int64, Int)])
    func aFileHasAsManyPartsAsItNeeds(size: Int64, count: Int) {
        let layout = PartLayout(partSize: 8 << 20)
        #expect(layout.count(for: size) == count)
        #expect(layout.fitsOneRequest(size) == (count <= 1))
        #expect(layout.range(ofPart: count + 1, in: size).isEmpty)
        guard count > 0 else { return }
        #expect(layout.range(ofPart: count, in: size).upperBound == size)
    }

    @Test func theLargestFileHasAllParts() {
        let layout = PartLayout(partSize: 8 << 20)
        #expect(layout.count(for: layout.capacity) == 10_000)
        #expect(layout.count(for: layout.capacity - (5 << 30)) == 9999)
    }
}
