import Testing

@testable import BlockCache

@Suite struct EvictionPlanTests {
    private func candidate(_ chunk: Int, _ recency: Recency) -> EvictionPlan.Candidate {
        .init(content: 0, chunk: chunk, charge: 10, recency: recency)
    }

    private func stored(_ chunk: Int, at time: UInt64) -> EvictionPlan.Candidate {
        candidate(chunk, Recency(storedAt: time))
    }

    private func used(_ chunk: Int, at time: UInt64) -> EvictionPlan.Candidate {
        candidate(chunk, Recency(storedAt: 0).touched(at: Recency.correlation + time))
    }

    private func victims(_ candidates: [EvictionPlan.Candidate], freeing bytes: Int64) -> [Int] {
        EvictionPlan.victims(of: candidates, freeing: bytes, limit: 100).map(\.chunk)
    }

    @Test func theFirstStoredGoesFirst() {
        #expect(victims([stored(1, at: 30), stored(2, at: 10), stored(3, at: 20)], freeing: 20) == [2, 3])
    }

    @Test func noMoreGoesThanIsNeeded() {
        #expect(victims([stored(1, at: 1), stored(2, at: 2)], freeing: 10) == [1])
        #expect(victims([stored(1, at: 1), stored(2, at: 2)], freeing: 11) == [1, 2])
        #expect(victims([stored(1, at: 1)], freeing: 0) == [])
    }

    @Test func whatWasUsedAgainStaysWhileProbationHoldsMoreThanItsShare() {
        let old = (0..<5).map { used($0, at: 0) }
        let scan = (5..<10).map { stored($0, at: 1_000_000 + UInt64($0)) }
        #expect(victims(old + scan, freeing: 30) == [5, 6, 7])
    }

    @Test func probationKeepsItsShare() {
        let old = (0..<8).map { used($0, at: UInt64($0)) }
        let new = [stored(8, at: 1_000_000), stored(9, at: 1_000_001)]
        #expect(victims(old + new, freeing: 20) == [0, 1])
    }

    @Test func withNothingProtectedProbationPaysAll() {
        #expect(victims([stored(1, at: 1), stored(2, at: 2)], freeing: 1000) == [1, 2])
    }

    @Test func everythingGoesWhenAllIsAskedFor() {
        #expect(Set(victims([stored(1, at: 1), used(2, at: 2), used(3, at: 3)], freeing: .max)) == [1, 2, 3])
    }
}
