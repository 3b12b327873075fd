import BaseSpaceAPI
import Synchronization
import TestSupport
import Testing

@testable import Namespace

/// Who has an old answer is not kept waiting while the service is away.
@Suite struct OutageTests {
    private let start = ContinuousClock.now

    @Test func aLookWaitsLessForAServiceThatWasAway() {
        var outage = Outage(Tree.Configuration())
        #expect(outage.pause(at: start) == nil)
        #expect(outage.patience(at: start, isRefresh: false) == .seconds(5))
        #expect(outage.patience(at: start, isRefresh: true) == .seconds(30))
        outage.wasMet(since: start, at: start)
        #expect(outage.pause(at: start + .seconds(4.9)) == start + .seconds(5))
        #expect(outage.pause(at: start + .seconds(5)) == nil)
        #expect(outage.patience(at: start + .seconds(5), isRefresh: true) == .seconds(1))
        // What was hours ago says nothing.
        #expect(outage.patience(at: start + .seconds(66), isRefresh: false) == .seconds(5))
        outage.isOver(at: start)
        #expect(outage.pause(at: start) == nil)
        #expect(outage.patience(at: start, isRefresh: false) == .seconds(5))
    }

    @Test func anOutageLastsUntilAnAnswerComes() {
        var outage = Outage(Tree.Configuration())
        #expect(outage.duration(at: start) == nil)
        outage.wasMet(since: start, at: start + .seconds(5))
        outage.tryAgain()
        outage.wasMet(since: start + .seconds(60), at: start + .seconds(65))
        #expect(outage.duration(at: start + .seconds(70)) == .seconds(70))
        outage.isOver(at: start + .seconds(80))
        #expect(outage.duration(at: start + .seconds(90)) == nil)
        outage.wasMet(since: start + .seconds(70), at: start + .seconds(90))
        #expect(outage.duration(at: start + .seconds(90)) == nil, "it has answered since")
    }

    @Test func whatHasAnsweredOthersMeanwhileIsNotAway() {
        var outage = Outage(Tree.Configuration())
        outage.isOver(at: start + .seconds(3))
        outage.wasMet(since: start, at: start + .seconds(5))
        #expect(outage.pause(at: start + .seconds(5)) == nil)
        outage.wasMet(since: start + .seconds(3), at: start + .seconds(8))
        #expect(outage.pause(at: start + .seconds(8)) != nil)
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
            $0.patienceAfterRefresh = .milliseconds(20)
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

    /// The service has no trouble with others.
    @Test(arguments: [429, 500]) func oneEntitysTroubleIsNoOutage(status: Int) async throws {
        let fixture = try await looked()
        fixture.service.set {
            $0.failure = BaseSpaceError(kind: .service(status: status), message: "no", endpoint: "GET x")
        }
        #expect(try await names(fixture, "Projects") == ["P"])
        fixture.service.set { $0.failure = nil }
        #expect(try await fixture.calls { try await names(fixture, "Projects/P/Samples") }.calls == ["samples"])
    }

    @Test func whatServesInAnOutageIsKnownToWhoLooksTwice() async throws {
        let fixture = try await looked()
        fixture.service.set { $0.failure = FakeService.unreachable }
        _ = try await names(fixture, "Projects")
        let samples = try await fixture.walk("Projects/P/Samples")
        guard case .found = fixture.tree.knownChild(named: "S", of: samples) else {
            Issue.record("the old listing is as good as a fresh one")
            return
        }
        let document = DocumentFile.json(.entity(EntityKey(kind: .appResult, id: "5")))
        _ = try await fixture.tree.text(of: document)
        #expect(fixture.tree.knownText(of: document) != nil)
    }

    @Test func whatWasJustRefreshedOrChangedIsAskedFor() async throws {
        let fixture = try await looked()
        fixture.service.set { $0.failure = FakeService.unreachable }
        _ = try await names(fixture, "Projects")
        fixture.service.set { $0.failure = nil }
        fixture.tree.refresh(below: fixture.tree.root)
        #expect(try await fixture.calls { try await names(fixture, "Projects") }.calls == ["projects"])

        fixture.clock.advance(by: .seconds(100))
        fixture.service.set { $0.failure = FakeService.unreachable }
        _ = try await names(fixture, "Projects")
        fixture.service.set { $0.failure = nil }
        let place = PropertyPlace(owner: EntityKey(kind: .appResult, id: "5"), path: "a")
        try await fixture.tree.changeProperty(at: place, to: .text("words"))
        #expect(try await fixture.calls { try await names(fixture, "Projects/P/Samples") }.calls == ["samples"])
    }

    @Test func oneCallAsksForASessionThatManyLookAt() async throws {
        let fixture = try await looked()
        guard case .entity(let entity) = try await fixture.walk("Projects/P/AppResults/A").content else { return }
        fixture.service.shutGate()
        let tree = fixture.tree
        let (_, calls) = try await fixture.calls {
            let looks = (0..<5).map { _ in Task { try await tree.session(of: entity).status } }
            try await eventually("it is asked for") { fixture.service.calls.last == "session" }
            fixture.service.openGate()
            for look in looks { #expect(try await look.value == .running) }
        }
        #expect(calls == ["session"])
    }

    private static let foreign = {
        var error = BaseSpaceError(kind: .undecodable, message: "HTML", endpoint: "GET x")
        error.isForeign = true
        return error
    }()

    /// Old lines would hide it for ever.
    @Test func whatTheServiceSaysAndCannotBeReadIsAFailure() async throws {
        let fixture = try await looked()
        fixture.service.set { $0.failure = BaseSpaceError(kind: .undecodable, message: "Size", endpoint: "GET x") }
        await #expect(throws: BaseSpaceError.self) { try await names(fixture, "Projects") }
    }

    @Test func aListThatComesInPagesIsWaitedFor() async throws {
        let fixture = try await looked { $0.patience = .milliseconds(5) }
        fixture.service.set { $0.projects.append(Project(id: "8", name: "S")) }
        fixture.service.shutGate()
        // A page has come whenever somebody runs out of patience.
        fixture.service.set { $0.answersPerLook = 1 }
        let pages = Task { [service = fixture.service] in
            try await eventually("patience has run out several times", within: .seconds(10)) {
                service.state.withLock { $0.answers } > 8
            }
            service.openGate()
        }
        #expect(try await names(fixture, "Projects") == ["P", "S"])
        try await pages.value
    }

    @Test func aPortalsPageIsNoAnswer() async throws {
        for failure in [
            Self.foreign,
            BaseSpaceError(kind: .service(status: 302), message: "log in", endpoint: "GET x"),
        ] {
            let fixture = try await looked()
            fixture.service.set { $0.failure = failure }
            #expect(try await names(fixture, "Projects") == ["P"])
        }
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
