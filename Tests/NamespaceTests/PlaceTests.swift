import BaseSpaceAPI
import Namespace
import Testing

/// `.by-id/`: from an id to the place of what has it.
@Suite struct PlaceTests {
    private let fixture = TreeFixture()

    init() {
        fixture.service.set {
            $0.samples = [Sample(id: "17", name: "S", appSessionID: "9", projectID: "7")]
            $0.others[.runs] = [.run(Run(id: "3", name: "folder", experimentName: "Exp/1"))]
            $0.files = [RemoteFile(id: "11", name: "f", path: "d/f", size: 3)]
            $0.containers["11"] = .sample("17")
        }
    }

    @Test func whatListingsHaveCostsNoCall() async throws {
        _ = try await fixture.tree.children(of: fixture.walk("Projects/P/Samples"))
        let (target, calls) = try await fixture.calls { try await fixture.target(".by-id/samples/17") }
        #expect(target == "../../Projects/P/Samples/S")
        #expect(calls == [])
    }

    @Test func whatNoListingHasIsAskedForItsProject() async throws {
        let (target, calls) = try await fixture.calls { try await fixture.target(".by-id/samples/17") }
        #expect(target == "../../Projects/P/Samples/S")
        #expect(calls == ["sample 17", "projects", "samples"])
    }

    @Test func aKindWithOneListNeedsThatListOnly() async throws {
        let (target, calls) = try await fixture.calls { try await fixture.target(".by-id/runs/3") }
        #expect(target == "../../Runs/Exp_1")
        #expect(calls == [EntityCollection.runs.href])
    }

    @Test func aFileIsFoundThroughWhatItIsIn() async throws {
        let (target, calls) = try await fixture.calls { try await fixture.target(".by-id/files/11") }
        #expect(target == "../../Projects/P/Samples/S/Files/d/f")
        #expect(calls == ["container of file 11", "sample 17", "projects", "samples", "files"])
    }

    @Test func whatIsNowhereIsMissing() async throws {
        let directory = try await fixture.walk(".by-id/samples")
        #expect(try await fixture.tree.child(named: "18", of: directory) == nil)
        #expect(try await fixture.tree.child(named: "18", of: fixture.walk(".by-id/runs")) == nil)
        fixture.service.set { $0.failure = BaseSpaceError(kind: .service(status: 401), message: "no", endpoint: "x") }
        let other = try await fixture.walk(".by-id/appresults")
        await #expect(throws: BaseSpaceError.self) { try await fixture.tree.child(named: "5", of: other) }
    }

    @Test func anIDThatIsNewerThanTheListMakesItAskForTheListAgainThoughNotAllTheTime() async throws {
        _ = try await fixture.walk("Runs/Exp_1")
        fixture.service.set { $0.others[.runs]?.append(.run(Run(id: "4", name: "later"))) }
        let directory = try await fixture.walk(".by-id/runs")
        // The list was fetched this very moment.
        #expect(try await fixture.target(".by-id/runs/4") == "../../Runs/.id.4")
        fixture.clock.advance(by: .seconds(6))
        #expect(try await fixture.target(".by-id/runs/4") == "../../Runs/later")
        let (_, calls) = try await fixture.calls { try await fixture.tree.child(named: "5", of: directory) }
        #expect(calls == ["run 5"])
    }

    @Test func whatTheServiceTellsOfWithoutListingItIsFoundByItsID() async throws {
        let session = AppSession(id: "44", name: "Theirs", status: .complete)
        fixture.service.set { $0.others[.projectSessions(of: "7")] = [.appSession(session)] }
        #expect(try await fixture.target("Projects/P/AppSessions/Theirs") == "../../../.by-id/appsessions/44")
        #expect(try await fixture.target(".by-id/appsessions/44") == "../../AppSessions/.id.44")
        let directory = try await fixture.walk("AppSessions/.id.44")
        guard case .entity(let entity) = directory.content else {
            Issue.record("no session")
            return
        }
        #expect(entity.key == EntityKey(kind: .appSession, id: "44"))
        let listed = try await fixture.tree.children(of: fixture.walk("AppSessions")).map(\.name)
        #expect(!listed.contains { $0.contains("Theirs") || $0.contains("44") })
        let sessions = try await fixture.walk("AppSessions")
        #expect(try await fixture.tree.child(named: ".id.45", of: sessions) == nil)
    }

    @Test func aResultAndASampleOfOneNumberAreTwo() async throws {
        fixture.service.set { state in
            state.others[.appSessions] = [.appSession(AppSession(id: "9", name: "A", status: .running))]
            state.others[.results(ofSession: "9")] = [
                .appResult(AppResult(id: "500", name: "x", appSessionID: "9")), .sample(Sample(id: "500", name: "y")),
            ]
        }
        #expect(try await fixture.target("AppSessions/A/AppResults.500.x") == "../../.by-id/appresults/500")
        #expect(try await fixture.target("AppSessions/A/Samples.500.y") == "../../.by-id/samples/500")
    }

    @Test func theSessionOfANewAppResultIsFoundAtOnce() async throws {
        let results = try await fixture.walk("Projects/P/AppResults")
        _ = try await fixture.tree.children(of: fixture.walk("AppSessions"))
        _ = try await fixture.tree.createEntity(named: "R", in: results)
        fixture.service.set {
            $0.others[.appSessions] = [.appSession(AppSession(id: "s500", name: "New", status: .running))]
        }
        #expect(try await fixture.target(".by-id/appsessions/s500") == "../../AppSessions/New")
    }
}
