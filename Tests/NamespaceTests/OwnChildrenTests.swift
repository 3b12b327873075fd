import BaseSpaceAPI
import Namespace
import Testing

/// What a directory has because of what it is.
@Suite struct OwnChildrenTests {
    private let fixture = TreeFixture { $0.readme = "words\n" }

    init() {
        fixture.service.set {
            $0.samples = [Sample(id: "17", name: "S", appSessionID: "9")]
            $0.appResults = [AppResult(id: "5", name: "R", status: .running, appSessionID: "9")]
            $0.others[.runs] = [.run(Run(id: "3", name: "folder", experimentName: "Exp"))]
            $0.others[.appSessions] = [.appSession(AppSession(id: "9", name: "A", status: .running))]
            $0.others[.genomes] = [.genome(Genome(id: "1", name: "PhiX"))]
        }
    }

    @Test(arguments: [
        ("Projects/P", ["AppResults", "AppSessions", "Datasets", "Properties", "Samples"]),
        ("Projects/P/Samples/S", ["Files", "Properties", "ParentAppSession", "SampleProperties"]),
        ("Projects/P/AppResults/R", ["Files", "Properties", "ParentAppSession", "Status", "StatusSummary"]),
        ("Runs/Exp", ["Files", "Properties", "Logs"]), ("Genomes/PhiX", []),
        (
            ".by-id",
            ["projects", "samples", "appresults", "appsessions", "runs", "datasets", "biosamples", "genomes", "files"]
        ),
    ])
    func areListedWithoutACall(path: String, names: [String]) async throws {
        let directory = try await fixture.walk(path)
        let tree = fixture.tree
        let before = fixture.service.calls
        #expect(tree.knownChildren(of: directory)?.map(\.name) == names)
        #expect(fixture.service.calls == before)
    }

    @Test func theHiddenAreFoundWithoutACallAndListedOnDemand() async throws {
        let names = [".id", ".name", ".type", ".href", ".curl", ".error", ".commands"]
        let (tree, sample) = (fixture.tree, try await fixture.walk("Projects/P/Samples/S"))
        for name in names {
            guard case .found(let node) = tree.knownChild(named: name, of: sample) else {
                Issue.record("\(name) is not known")
                continue
            }
            #expect(node.name == name && !node.isDirectory)
        }
        guard case .unknown = tree.knownChild(named: ".json", of: sample) else {
            Issue.record("a document is known before anybody asked for it")
            return
        }
        let listing = TreeFixture { $0.listsMetadata = true }
        listing.service.set { $0.samples = [Sample(id: "17", name: "S")] }
        let shown = try await listing.tree.children(of: listing.walk("Projects/P/Samples/S")).map(\.name)
        #expect(Set(shown).isSuperset(of: names + [".json"]))
        #expect(Set(shown).count == shown.count)
    }

    /// Scripts of BaseMount read it.
    @Test func theStateHasTheNameItHadInBaseMount() async throws {
        #expect(try await fixture.target("Projects/P/AppResults/R/.status") == "Status")
        #expect(try await fixture.target("AppSessions/A/.status") == "Status")
        #expect(try await fixture.target("Projects/P/Samples/S/.status") == "ParentAppSession/Status")
        guard case .document(.status(ofRun: "3")) = try await fixture.walk("Runs/Exp/.status").content else {
            Issue.record("a run has none")
            return
        }
        guard case .missing = fixture.tree.knownChild(named: ".status", of: try await fixture.walk("Genomes/PhiX"))
        else {
            Issue.record("a genome has no state")
            return
        }
    }

    @Test func linksClimbFromWhereTheyStand() async throws {
        let by = ".by-id"
        let map = PropertyValue.references(.sample, [EntityReference(.sample, "17")])
        let run = EntityKey(kind: .run, id: "3")
        fixture.service.set {
            $0.properties[run] = [
                Property(name: "Output.Samples", value: map),
                Property(name: "Input.Project", value: .reference(EntityReference(.project, "7"))),
            ]
            $0.others[.projectSessions(of: "7")] = $0.others[.appSessions]
            $0.others[.results(ofSession: "9")] = [.appResult(AppResult(id: "5", name: "R", appSessionID: "9"))]
        }
        #expect(try await fixture.target("Projects/P/Samples/S/ParentAppSession") == "../../../../\(by)/appsessions/9")
        #expect(try await fixture.target("Projects/P/AppSessions/A") == "../../../\(by)/appsessions/9")
        #expect(try await fixture.target("AppSessions/A/AppResults.5.R") == "../../\(by)/appresults/5")
        #expect(try await fixture.target("Runs/Exp/Properties/Input.Project") == "../../../\(by)/projects/7")
        #expect(try await fixture.target("Runs/Exp/Properties/Output.Samples/0") == "../../../../\(by)/samples/17")
        #expect(try await fixture.target("Projects/P/Samples/.id.17") == "S")
    }

    @Test func aSampleThatNamesNoSessionIsAskedWhenItsLinkIsRead() async throws {
        fixture.service.set { $0.samples = [Sample(id: "17", name: "S")] }
        let node = try await fixture.walk("Projects/P/Samples/S/ParentAppSession")
        guard case .sessionLink(let key) = node.content else {
            Issue.record("no link to a session")
            return
        }
        fixture.service.set { $0.samples = [Sample(id: "17", name: "S", appSessionID: "9")] }
        let tree = fixture.tree
        let first = try await fixture.calls { try await tree.sessionLink(of: key) }
        #expect(first.value == "../../../../.by-id/appsessions/9")
        #expect(first.calls == ["sample 17"])
        let again = try await fixture.calls { try await tree.sessionLink(of: key) }
        #expect(again.value == first.value && again.calls == [])
    }
}
