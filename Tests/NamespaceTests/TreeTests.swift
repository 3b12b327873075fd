import BaseSpaceAPI
import TestSupport
import Testing

@testable import Namespace

@Suite struct TreeTests {
    private let service = FakeService()
    private let clock = ManualClock()
    private let tree: Tree

    init() {
        let clock = clock
        tree = Tree(service: service, now: { clock.now })
    }

    /// Walks down from the root, asking the service where it has to.
    private func walk(_ names: String...) async throws -> Node {
        var node = try #require(tree.node(.root))
        for name in names {
            node = try #require(try await tree.child(named: name, of: node), "\(name)")
        }
        return node
    }

    @Test func fixedPlacesNeedNoRequest() throws {
        let root = try #require(tree.node(.root))
        #expect(
            tree.knownChildren(of: root)?.map(\.name)
                == ["README", "Projects", "Runs", "AppSessions", "BioSamples", "Genomes"]
        )
        guard case .found(let projects) = tree.knownChild(named: "Projects", of: root) else {
            Issue.record("no Projects")
            return
        }
        guard case .unknown = tree.knownChild(named: "P", of: projects) else {
            Issue.record("a listing that was never fetched is known")
            return
        }
        #expect(service.calls.isEmpty)
    }

    @Test func oneFetchServesAllWhoWait() async throws {
        service.shutGate()
        let projects = try await walk("Projects")
        let tree = tree
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try await tree.children(of: projects).count }
            }
            try await eventually("the request is made") { !self.service.calls.isEmpty }
            service.openGate()
            for try await count in group {
                #expect(count == 1)
            }
        }
        #expect(service.calls == ["projects"])
    }

    @Test func whoIsInterruptedStopsWaitingAndTheFetchGoesOn() async throws {
        service.shutGate()
        let projects = try await walk("Projects")
        let tree = tree
        let waiter = Task { try await tree.children(of: projects) }
        try await eventually("the request is made") { !self.service.calls.isEmpty }
        waiter.cancel()
        await #expect(throws: BaseSpaceError.self) { try await waiter.value }
        service.openGate()
        #expect(try await tree.children(of: projects).count == 1)
        #expect(service.calls == ["projects"])
    }

    @Test func aListingIsAskedForAgainWhenItsTimeIsOver() async throws {
        let projects = try await walk("Projects")
        #expect(try await tree.children(of: projects).map(\.name) == ["P"])
        service.set { $0.projects.append(Project(id: "8", name: "Q")) }
        clock.advance(by: .seconds(59))
        #expect(try await tree.children(of: projects).map(\.name) == ["P"])
        clock.advance(by: .seconds(2))
        #expect(tree.knownChildren(of: projects) == nil)
        #expect(try await tree.children(of: projects).map(\.name) == ["P", "Q"])
        #expect(service.calls.count == 2)
    }

    @Test func howManyFilesAreExpectedComesFromWhatWasSeen() async throws {
        service.set { state in
            state.appResults = (1...7).map {
                AppResult(id: EntityID("\($0)"), name: "R\($0)", status: .running, appSessionID: "s")
            }
        }
        func list(_ name: String, files count: Int, directories: Int = 1) async throws -> Int? {
            service.set { state in
                state.files = (0..<count).map {
                    RemoteFile(id: EntityID("\($0 + 1)"), name: "f", path: "d\($0 % directories)/f\($0)", size: 1)
                }
            }
            _ = try await tree.children(of: try await walk("Projects", "P", "AppResults", name, "Files"))
            return service.expectations.last
        }
        // More than a page, until a short list tells otherwise; as many as last time where that is known.
        #expect(try await list("R1", files: 3) == 1001)
        #expect(try await list("R2", files: 2500) == 0)
        #expect(try await list("R3", files: 4) == 1001)
        #expect(try await list("R4", files: 1000, directories: 20) == 0)
        clock.advance(by: .seconds(61))
        #expect(try await list("R2", files: 2600) == 2500)
        clock.advance(by: .seconds(61))
        #expect(try await list("R2", files: 3) == 2600)
        #expect(try await list("R5", files: 1001) == 0)
        #expect(try await list("R6", files: 0) == 1001)
        #expect(try await list("R7", files: 0) == 0)
    }

    @Test func theFirstLookFindsTheProjectsThatWereAnticipated() async throws {
        service.shutGate()
        tree.anticipateProjects()
        try await eventually("the projects are asked for") { service.calls == ["projects"] }
        service.openGate()
        let projects = try await walk("Projects")
        #expect(try await tree.children(of: projects).map(\.name) == ["P"])
        #expect(service.calls == ["projects"])
    }

    @Test func whoComesAfterAnAnticipationThatFailedAsksTheService() async throws {
        service.set { $0.failure = FakeService.unreachable }
        tree.anticipateProjects()
        try await eventually("it has failed") { service.failures == 1 }
        service.set { $0.failure = nil }
        // Whoever comes before the tree has taken note of it shares the failure.
        try await eventually("somebody asks") { (try? await tree.children(of: try await walk("Projects"))) != nil }
        #expect(service.calls == ["projects", "projects"])
    }

    @Test func anOldListingServesWhileTheServiceIsAway() async throws {
        let projects = try await walk("Projects")
        _ = try await tree.children(of: projects)
        clock.advance(by: .seconds(100))
        service.set { $0.failure = FakeService.unreachable }
        #expect(try await tree.children(of: projects).map(\.name) == ["P"])
        // And nobody waits for the next attempt until it is due.
        #expect(tree.knownChildren(of: projects)?.count == 1)
        #expect(service.calls.count == 2)
        clock.advance(by: .seconds(6))
        service.set { $0.failure = nil }
        _ = try await tree.children(of: projects)
        #expect(service.calls.count == 3)
    }

    @Test func aRefreshDuringAFetchThatFailsCostsOneFetchNotTwo() async throws {
        let projects = try await walk("Projects")
        service.shutGate()
        let tree = tree
        let first = Task { try await tree.children(of: projects).count }
        try await eventually("the request is made") { service.calls.count == 1 }
        tree.refresh(projects)
        service.set { $0.failure = BaseSpaceError(kind: .service(status: 403), message: "no", endpoint: "GET x") }
        service.openGate()
        await #expect(throws: BaseSpaceError.self) { try await first.value }
        service.set { $0.failure = nil }
        clock.advance(by: .seconds(10))
        #expect(try await tree.children(of: projects).count == 1)
        #expect(try await tree.children(of: projects).count == 1)
        #expect(service.calls == ["projects", "projects"])
    }

    @Test func aRefusalIsNoReasonToShowAnOldListing() async throws {
        let projects = try await walk("Projects")
        _ = try await tree.children(of: projects)
        clock.advance(by: .seconds(100))
        service.set { $0.failure = BaseSpaceError(kind: .service(status: 401), message: "no", endpoint: "GET x") }
        await #expect(throws: BaseSpaceError.self) { try await tree.children(of: projects) }
    }

    @Test func inodeNumbersAreTheSameAfterARemount() async throws {
        service.set { $0.appResults = [AppResult(id: "5", name: "R", status: .complete, appSessionID: "s")] }
        service.set { $0.files = [RemoteFile(id: "11", name: "f", path: "d/f", size: 3)] }
        let file = try await walk("Projects", "P", "AppResults", "R", "Files", "d", "f")
        let other = Tree(service: service)
        var node = try #require(other.node(.root))
        for name in ["Projects", "P", "AppResults", "R", "Files", "d", "f"] {
            node = try #require(try await other.child(named: name, of: node))
        }
        #expect(node.inode == file.inode)
        // Backup tools remember it from one version to the next.
        #expect(node.inode.rawValue == 5_071_869_419_315_111_260)
    }

    @Test func namesThatAnAppResultLacksAreLookedUpInItsFiles() async throws {
        service.set { $0.appResults = [AppResult(id: "5", name: "R", status: .running, appSessionID: "s")] }
        service.set {
            $0.files = [
                RemoteFile(id: "11", name: "f", path: "f", size: 3),
                RemoteFile(id: "12", name: "g", path: "d/g", size: 3),
            ]
        }
        let short = try await walk("Projects", "P", "AppResults", "R", "f")
        let long = try await walk("Projects", "P", "AppResults", "R", "Files", "f")
        #expect(short.inode == long.inode)
        guard case .link("Files/d") = try await walk("Projects", "P", "AppResults", "R", "d").content else {
            Issue.record("a directory seen from above Files/ is no link")
            return
        }
    }

    @Test func forgottenNodesLeaveTheTable() async throws {
        let project = try #require(tree.retain(try await walk("Projects", "P")))
        _ = tree.retain(project)
        #expect(tree.node(project.inode)?.name == "P")
        tree.forget(project.inode, count: 1)
        #expect(tree.node(project.inode) != nil)
        tree.forget(project.inode, count: 1)
        #expect(tree.node(project.inode) == nil)
        #expect(tree.inodeCount == 0)
    }
}
