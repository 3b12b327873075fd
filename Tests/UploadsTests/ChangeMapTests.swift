import TestSupport
import Testing

@testable import Uploads

@Suite struct ChangeMapTests {
    private let granule = ChangeMap.granule

    @Test func nothingChangedInTheBeginning() {
        #expect(ChangeMap().lastChange(in: 0..<Int64.max) == 0)
    }

    @Test func aChangeShowsInItsOwnMebibyteOnly() {
        var map = ChangeMap()
        map.record(granule..<granule + 1, version: 7)
        #expect(map.lastChange(in: 0..<granule) == 0)
        #expect(map.lastChange(in: granule..<2 * granule) == 7)
        #expect(map.lastChange(in: 2 * granule..<9 * granule) == 0)
        #expect(map.lastChange(in: 0..<9 * granule) == 7)
    }

    @Test func anEmptyRangeNeverChanges() {
        var map = ChangeMap()
        map.record(5..<5, version: 3)
        map.record(0..<granule, version: 4)
        #expect(map.lastChange(in: 9..<9) == 0)
        #expect(map.lastChange(in: 0..<1) == 4)
    }

    @Test func theLargestOffsetsAreAsGoodAsAnyOther() {
        var map = ChangeMap()
        map.record(Int64.max - 1..<Int64.max, version: 2)
        #expect(map.lastChange(in: 0..<Int64.max) == 2)
        #expect(map.lastChange(in: 0..<Int64.max - granule) == 0)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func agreesWithAnArrayOfVersions(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var map = ChangeMap()
        var model = [UInt64](repeating: 0, count: 64)
        let end = Int64(model.count) * granule
        for version in 1...600 as ClosedRange<UInt64> {
            let start = Int64.random(in: 0..<end, using: &random)
            let length = Int64.random(in: 1...(Bool.random(using: &random) ? 4096 : 9 * granule), using: &random)
            let range = start..<min(end, start + length)
            map.record(range, version: version)
            for index in Int(range.lowerBound / granule)...Int((range.upperBound - 1) / granule) {
                model[index] = version
            }
            let from = Int.random(in: 0..<model.count, using: &random)
            let to = Int.random(in: from..<model.count, using: &random)
            let asked = Int64(from) * granule..<Int64(to + 1) * granule
            #expect(map.lastChange(in: asked) == model[from...to].max(), "seed \(seed), version \(version)")
        }
    }
}
