import Testing

@testable import BaseSpaceFileSystem

@Suite struct RecentLinesTests {
    private let start = ContinuousClock.now

    @Test func aLineIsNewOnceAMinute() {
        var lines = RecentLines()
        let isNew = [0, 59, 60, 61].map { lines.isNew("a", at: start + .seconds($0)) }
        #expect(isNew == [true, false, true, false])
        let other = lines.isNew("b", at: start)
        #expect(other)
    }

    @Test func manyDifferentOnesAreAllNew() {
        var lines = RecentLines()
        let new = (0..<10_000).count { lines.isNew("line \($0)", at: start) }
        #expect(new == 10_000)
    }
}
