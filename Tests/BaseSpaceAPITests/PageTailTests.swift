import Testing

@testable import BaseSpaceAPI

/// What the end of a page says before it is read.
@Suite struct PageTailTests {
    private func tail(_ text: String) -> PageTail? { PageTail(of: Array(text.utf8)) }

    @Test func theLastCountsAreTheCollections() throws {
        let item = #"{"Id":"1","Properties":{"Items":[],"TotalCount":7,"Limit":3}}"#
        let v1 =
            #"{"Response":{"Items":[\#(item)],"DisplayedCount":1,"TotalCount":20000,"Offset":0,"Limit": 1000},"X":{}}"#
        let found = try #require(tail(v1))
        #expect(found.total == 20_000 && found.limit == 1000)
        let v2 = try #require(tail(#"{"Items":[\#(item)],"Paging":{"DisplayedCount":1,"TotalCount":12,"Limit":50}}"#))
        #expect(v2.total == 12 && v2.limit == 50)
    }

    @Test(arguments: [
        "", "{}", #"{"TotalCount":"#, #"{"TotalCount":,"Limit":1}"#, #"{"TotalCount":"5","Limit":1000}"#,
        #"{"TotalCount":5}"#,
        #"{"TotalCount":99999999999999999999,"Limit":1000}"#,
        #"{"TotalCount":5,"Limit":1000,"Items":[""# + String(repeating: "x", count: 1000) + #""]}"#,
    ])
    func whatSaysNothingIsNoGuess(text: String) {
        #expect(tail(text) == nil)
    }

    private func plan(expecting count: Int, then tail: String) -> (plan: PagePlan, new: [Range<Int>]) {
        var plan = PagePlan(expecting: count)
        let new = plan.guess(from: self.tail(tail), upTo: 12)
        return (plan, new)
    }

    @Test func theNextPagesAreGuessedOnceTheFirstIsThere() {
        var (plan, new) = plan(expecting: 1001, then: #"{"TotalCount":3500,"Limit":1000}"#)
        #expect(new == [2000..<3000, 3000..<4000])
        plan.begin(count: 1000, limit: 1000, total: 3500)
        #expect(plan.rightGuesses == [1000..<2000, 2000..<3000, 3000..<4000])
        #expect(plan.next() == nil)
    }

    @Test func theyAreBoundedAndTheRestFollows() {
        var (plan, new) = plan(expecting: 0, then: #"{"TotalCount":20000,"Limit":1000}"#)
        #expect(new.count == 12 && new.first == 1000..<2000)
        plan.begin(count: 1000, limit: 1000, total: 20_000)
        #expect(plan.next() == 13_000..<14_000)
    }

    @Test func aWrongGuessIsForgotten() {
        var (plan, _) = plan(expecting: 0, then: #"{"TotalCount":5000,"Limit":1000}"#)
        plan.begin(count: 1000, limit: 1000, total: 1500)
        #expect(plan.rightGuesses == [1000..<2000])
        #expect(plan.next() == nil)
    }

    @Test(arguments: [#"{"TotalCount":5000,"Limit":100}"#, #"{"TotalCount":900,"Limit":1000}"#, "{}"])
    func whereAPageIsCutOrTheOnlyOneNothingIsGuessed(tail: String) {
        #expect(plan(expecting: 0, then: tail).new.isEmpty)
    }
}
