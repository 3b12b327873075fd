import Testing

@testable import Uploads

@Suite struct PartLayoutTests {
    private static let mebibyte: Int64 = 1 << 20

    struct Row: Sendable {
        let size: Int64
        let wanted: Int64
        let partSize: Int64
        let parts: Int
    }

    @Test(arguments: [
        Row(size: 0, wanted: 8 * mebibyte, partSize: 8 * mebibyte, parts: 0),
        Row(size: 1, wanted: 8 * mebibyte, partSize: 8 * mebibyte, parts: 1),
        Row(size: 8 * mebibyte, wanted: 8 * mebibyte, partSize: 8 * mebibyte, parts: 1),
        Row(size: 8 * mebibyte + 1, wanted: 8 * mebibyte, partSize: 8 * mebibyte, parts: 2),
        Row(size: 20 * mebibyte, wanted: 8 * mebibyte, partSize: 8 * mebibyte, parts: 3),
        // Too small a wish, and an odd one.
        Row(size: 20 * mebibyte, wanted: 1, partSize: 5 * mebibyte, parts: 4),
        Row(size: 20 * mebibyte, wanted: 5 * mebibyte + 1, partSize: 6 * mebibyte, parts: 4),
        // 10,000 parts, and one byte more.
        Row(size: 80_000 * mebibyte, wanted: 8 * mebibyte, partSize: 8 * mebibyte, parts: 10_000),
        Row(size: 80_000 * mebibyte + 1, wanted: 8 * mebibyte, partSize: 9 * mebibyte, parts: 8_889),
        Row(size: 1 << 40, wanted: 8 * mebibyte, partSize: 105 * mebibyte, parts: 9_987),
        Row(size: Int64.max, wanted: 8 * mebibyte, partSize: 879_609_303 * mebibyte, parts: 10_000),
    ])
    func partsGrowSoThatTheirNumberSuffices(row: Row) {
        let layout = PartLayout(size: row.size, partSize: row.wanted)
        #expect(layout.partSize == row.partSize)
        #expect(layout.count == row.parts)
        #expect(layout.isSingleRequest == (row.size <= row.partSize))
    }

    @Test(arguments: [9, 16, 17, 40] as [Int64])
    func partsCoverTheFileWithoutGapOrOverlap(mebibytes: Int64) {
        let layout = PartLayout(size: mebibytes * Self.mebibyte - 5, partSize: 8 * Self.mebibyte)
        var end: Int64 = 0
        for number in 1...layout.count {
            let range = layout.range(ofPart: number)
            #expect(range.lowerBound == end)
            #expect(!range.isEmpty)
            end = range.upperBound
        }
        #expect(end == layout.size)
    }
}
