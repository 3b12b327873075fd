import BaseSpaceAPI
import TestSupport
import Testing

@testable import Namespace

/// Who has an old answer is not kept waiting while the service is away.
@Suite struct OutageTests {
    private let start = ContinuousClock.now

    @Test func aLookWaitsLessAndLessForAServiceThatIsAway() {
        var outage = Outage(Tree.Configuration())
        #expect(outage.patience(at: start, isRefresh: false) == .seconds(5))
        #expect(outage.patience(at: start, isRefresh: true) == nil)
        outage.wasMet(at: start)
        for isRefresh in [false, true] {
            #expect(outage.patience(at: start + .seconds(4.9), isRefresh: isRefresh) == .zero)
            #expect(outage.patience(at: start + .seconds(5), isRefresh: isRefresh) == .seconds(1))
        }
        outage.isOver()
        #expect(outage.patience(at: start, isRefresh: false) == .seconds(5))
    }

    /// An account with a sample and an AppResult, of which everything was looked at 100 s ago.
    private func looked(_ configure: (inout Tree.Configuration) -> Void = { _ in }) async throws -> TreeFixture {
        let fixture = TreeFixture(configure)
        fixture.service.set { state in
            state.samples = [Sample(id: "1", name: "S")]
            state.appResults = [AppResult(id: "5", name: "A", appSessionID: "9")]
            state.sessions["9"] = AppSession(id: "9", name: "session", status: .running)
        }
        try await look(fixture)
        fixture.clock.advance(by: .seconds(100))
        return fixture
    }

    private func look(_ fixture: TreeFixture) async throws {
        #expect(try await names(fixture, "Projects") == ["P"])
        #expect(try await names(fixture, "Projects/P/Samples") == ["S"])
        let result = try await fixture.walk("Projects/P/AppResults/A")
        guard case .entity(let entity) = result.content else { throw FakeService.unreachable }
        #expect(try await fixture.tree.session(of: entity).status == .running)
        #expect(try await fixture.tree.text(of: .json(.entity(entity.key))) == Array("{}".utf8))
    }

    private func names(_ fixture: TreeFixture, _ path: String) async throws -> [String] {
        let listed: Set = ["P", "S", "A"]
        return try await fixture.tree.children(of: fixture.walk(path)).map(\.name).filter(listed.contains)
    }

    @Test func oneLookLearnsOfAnOutageForAll() async throws {
        let fixture = try await looked()
        fixture.service.set { $0.failure = FakeService.unreachable }
        #expect(try await fixture.calls { try await look(fixture) }.calls == ["projects"])
        // It is tried again after 5 s, by the first who looks.
        fixture.clock.advance(by: .seconds(6))
        #expect(try await fixture.calls { try await look(fixture) }.calls == ["projects"])
        // And everything is as ever once it is back.
        fixture.clock.advance(by: .seconds(6))
        fixture.service.set { $0.failure = nil }
        #expect(try await fixture.calls { try await look(fixture) }.calls.count == 5)
    }

    @Test func aServiceThatDoesNotAnswerIsWaitedForOnce() async throws {
        let fixture = try await looked {
            $0.patience = .milliseconds(20)
            $0.patienceWhenAway = .milliseconds(10)
        }
        fixture.service.set { $0.projects.append(Project(id: "8", name: "S")) }
        fixture.service.shutGate()
        #expect(try await fixture.calls { try await look(fixture) }.calls == ["projects"])
        // A refresh does not make it answer.
        fixture.tree.refresh(below: fixture.tree.root)
        #expect(try await fixture.calls { try await look(fixture) }.calls == [])
        // The call that nobody waits for any more ends the outage.
        fixture.service.openGate()
        try await eventually("what it brings is shown") { try await names(fixture, "Projects") == ["P", "S"] }
    }

    @Test func whoHasNeverLookedWaitsAndIsToldOfTheOutage() async throws {
        let fixture = try await looked()
        fixture.service.set { $0.failure = FakeService.unreachable }
        _ = try await names(fixture, "Projects")
        await #expect(throws: FakeService.unreachable) { try await names(fixture, "Runs") }
    }

    @Test func aRefusalIsAnAnswer() async throws {
        let fixture = try await looked()
        fixture.service.set { $0.failure = FakeService.unreachable }
        _ = try await names(fixture, "Projects")
        fixture.clock.advance(by: .seconds(6))
        fixture.service.set {
            $0.failure = BaseSpaceError(kind: .service(status: 403), message: "no", endpoint: "GET x")
        }
        await #expect(throws: BaseSpaceError.self) { try await names(fixture, "Projects") }
        await #expect(throws: BaseSpaceError.self) {
            try await fixture.tree.text(of: .json(.entity(EntityKey(kind: .appResult, id: "5"))))
        }
    }
}
