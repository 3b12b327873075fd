import Testing

@testable import BaseSpaceAPI

struct CallLimiterTests {
    /// Whether each of these calls, numbered from 1, may run at once.
    private func enter(_ queue: inout CallLimiter.Queue, _ lanes: [CallLimiter.Lane]) -> [Bool] {
        lanes.enumerated().map { index, lane in queue.enter(UInt64(index + 1), lane) }
    }

    /// Who may run when calls of these lanes end, one after another.
    private func leave(_ queue: inout CallLimiter.Queue, _ lanes: [CallLimiter.Lane]) -> [UInt64?] {
        lanes.map { queue.leave($0) }
    }

    @Test func callsRunInTheirOrder() {
        var queue = CallLimiter.Queue(metadata: 2, uploads: 1)
        let entered = enter(&queue, Array(repeating: .metadata, count: 4))
        #expect(entered == [true, true, false, false])
        let followers = leave(&queue, Array(repeating: .metadata, count: 4))
        #expect(followers == [3, 4, nil, nil] && queue.running == 0)
    }

    @Test func bodiesAndOtherCallsDoNotWaitForEachOther() {
        var queue = CallLimiter.Queue(metadata: 1, uploads: 2)
        let entered = enter(&queue, [.upload, .upload, .upload, .metadata, .metadata])
        #expect(entered == [true, true, false, true, false])
        #expect(queue.running == 3)
        let followers = leave(&queue, [.metadata, .upload, .metadata])
        #expect(followers == [5, 3, nil])
    }

    @Test func whoGivesUpIsNotCalled() {
        var queue = CallLimiter.Queue(metadata: 1, uploads: 1)
        _ = enter(&queue, Array(repeating: .metadata, count: 3))
        let gaveUp = [2, 2, 1].map { queue.giveUp($0) }
        #expect(gaveUp == [true, false, false])
        let follower = queue.leave(.metadata)
        #expect(follower == 3)
    }
}
