import BaseSpaceAPI
import TestSupport
import Testing

@testable import Namespace

/// What belongs to an AppSession, and what is known of its state.
@Suite struct SessionTests {
    private let fixture = TreeFixture()
    private let session = AppSession(id: "9", name: "A", status: .running)

    init() {
        fixture.service.set { [session] state in
            state.sessions["9"] = session
            state.others[.appSessions] = [.appSession(session)]
            state.appResults = [
                AppResult(id: "5", name: "R", status: .running, appSessionID: "9"),
                AppResult(id: "6", name: "Q", status: .running, appSessionID: "10"),
            ]
        }
    }

    @Test func whatNobodyHasListedIsAskedForItsSession() async throws {
        let (tree, session) = (fixture.tree, Entity.appSession(session))
        let (mine, calls) = try await fixture.calls { try await tree.belongs(.appResult("5"), toSessionOf: session) }
        #expect(mine && calls == ["appresult 5"])
        #expect(try await tree.belongs(.appResult("6"), toSessionOf: session) == false)
        #expect(try await tree.belongs(.appResult("404"), toSessionOf: session) == false, "it is in nothing")
        fixture.service.set { $0.failure = FakeService.unreachable }
        #expect(try await tree.belongs(.appResult("5"), toSessionOf: session), "it is known by now")
        await #expect(throws: FakeService.unreachable) {
            try await tree.belongs(.appResult("7"), toSessionOf: session)
        }
    }

    @Test func anAnswerThatComesAfterARefreshCountsAlthoughItWasAskedForBefore() async throws {
        let (tree, service, clock) = (fixture.tree, fixture.service, fixture.clock)
        let session = Entity.appSession(session)
        #expect(try await tree.session(of: session).status == .running)
        clock.advance(by: .seconds(10))
        service.shutGate()
        let slow = Task { try await tree.session(of: session).status }
        try await eventually("it is asked again") { service.calls.count { $0 == "session" } == 2 }
        clock.advance(by: .seconds(5))
        tree.refresh(below: tree.root)
        service.set { $0.sessions["9"]?.status = .complete }
        service.openGate()
        #expect(try await slow.value == .complete)
    }

    @Test func whoRefreshesWantsStatesAnew() async throws {
        let (tree, session) = (fixture.tree, Entity.appSession(session))
        _ = try await tree.session(of: session)
        #expect(try await fixture.calls { try await tree.session(of: session) }.calls == [])
        tree.refresh(below: tree.root)
        #expect(try await fixture.calls { try await tree.session(of: session) }.calls == ["session"])
    }

    @Test func whatAStateShowsHoldsAsLongAsAState() async throws {
        let directory = try await fixture.walk("Projects/P/AppResults.by-status/Running")
        _ = try await fixture.tree.children(of: directory)
        #expect(fixture.tree.lifetime(in: directory) <= Tree.Configuration().statusLifetime)
        let results = try await fixture.walk("Projects/P/AppResults")
        #expect(fixture.tree.lifetime(in: results) > .seconds(30))
    }
}
