import Testing

@testable import RemoteFiles

@Suite struct FirstByteTimesTests {
    private func times(_ seconds: Double, count: Int) -> FirstByteTimes {
        var times = FirstByteTimes()
        for _ in 0..<count {
            times.note(seconds)
        }
        return times
    }

    @Test func aFewTimesSayNothing() {
        #expect(times(0.02, count: 15).patience(after: 0) == nil)
        #expect(times(0.02, count: 16).patience(after: 0) != nil)
    }

    @Test func aFastObjectStoreGetsTheFloor() {
        #expect(times(0.02, count: 300).patience(after: 0) == 1.5)
    }

    @Test func aSlowOneIsWaitedForThreeTimesAsLong() {
        #expect(times(2, count: 300).patience(after: 0) == 6)
    }

    @Test func oneInAHundredMayBeLate() {
        var times = times(1, count: 198)
        times.note(60)
        times.note(60)
        #expect(times.patience(after: 0) == 3)
        times.note(60)
        times.note(60)
        #expect(times.patience(after: 0) == 180)
    }

    @Test func whatIsLongAgoIsForgotten() {
        var times = times(9, count: 256)
        for _ in 0..<272 {
            times.note(1)
        }
        #expect(times.patience(after: 0) == 3)
    }

    @Test func eachTimeoutDoublesThePatience() {
        let times = times(1, count: 20)
        #expect((0...3).map { times.patience(after: $0) } == [3, 6, 12, 24])
    }
}
