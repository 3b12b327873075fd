import Testing

@testable import BlockCache

@Suite struct VouchingTests {
    private let stamp = ContentStamp(changed: 1, fileSize: 2)

    private func vouching(blocks: Int) -> Vouching { Vouching(ContentLayout(size: Int64(blocks * block - 1))) }

    @Test func theLastBlockStartsTheWork() {
        var vouching = vouching(blocks: 40)
        #expect(vouching.stored(0..<31) == false)
        #expect(vouching.stored(20..<39) == false)
        #expect(vouching.untrusted(from: 0, limit: 100) == 39..<40)
        #expect(vouching.stored(39..<40) == true)
        #expect(vouching.untrusted(from: 0, limit: 100) == nil)
        #expect(vouching.asked() == false, "it is at work already")
    }

    @Test func whatIsNotTrustedComesInRuns() {
        var vouching = vouching(blocks: 40)
        _ = vouching.stored(5..<34)
        #expect(vouching.untrusted(from: 0, limit: 3) == 0..<3)
        #expect(vouching.untrusted(from: 3, limit: 3) == 3..<5)
        #expect(vouching.untrusted(from: 5, limit: 100) == 34..<40)
        #expect(vouching.untrusted(from: 40, limit: 100) == nil)
    }

    @Test func whoAsksDuringWorkThatFailsIsHeard() {
        var vouching = vouching(blocks: 4)
        #expect(vouching.asked() == true)
        #expect(vouching.asked() == false)
        #expect(vouching.failed() == true)
        #expect(vouching.failed() == false)
        #expect(vouching.asked() == true)
    }

    @Test func whoAsksDuringWorkThatSucceedsNeedsNothingMore() {
        var vouching = vouching(blocks: 4)
        _ = vouching.stored(0..<4)
        _ = vouching.asked()
        vouching.succeeded(with: stamp)
        #expect(vouching.untrusted(from: 0, limit: 4) == nil)
    }

    @Test func aStampThatIsNoLongerTrueEndsAllTrust() {
        var vouching = vouching(blocks: 4)
        _ = vouching.stored(0..<4)
        vouching.succeeded(with: stamp)
        #expect(vouching.asked() == true)
        #expect(vouching.untrusted(from: 0, limit: 4) == 0..<4)
    }

    @Test func aBlockThatHadToBeStoredAgainEndsTheTrustInTheOthers() {
        var vouching = vouching(blocks: 4)
        _ = vouching.stored(0..<4)
        vouching.succeeded(with: stamp)
        #expect(vouching.stored(1..<2) == false)
        #expect(vouching.stored(2..<4) == false)
        #expect(vouching.untrusted(from: 0, limit: 4) == 0..<1)
        #expect(vouching.stored(0..<1) == true)
    }

    @Test func useIsNotedOnceAMinute() {
        var vouching = vouching(blocks: 4)
        #expect(vouching.used(at: 1000) == true)
        #expect(vouching.used(at: 60_000) == false)
        #expect(vouching.used(at: 61_000) == true)
    }

    @Test func aStampWaitsForTheClockToTick() {
        let fine = ContentStamp(changed: 5_000_000_123, fileSize: 1)
        #expect(!fine.isSettled(at: 5_000_000_000))
        #expect(!fine.isSettled(at: 5_010_000_000))
        #expect(fine.isSettled(at: 5_030_000_000))
        let whole = ContentStamp(changed: 5_000_000_000, fileSize: 1)
        #expect(!whole.isSettled(at: 6_900_000_000))
        #expect(whole.isSettled(at: 7_200_000_000))
    }
}
