import BaseSpaceAPI
import Synchronization
import TestSupport
import Testing

@testable import Namespace

/// What happens when several programs change or ask at the same time.
@Suite struct ConcurrentChangeTests {
    private let service = FakeService()

    @Test func changesOfOnePropertyAtTheSameTimeAreAllKept() async throws {
        let tree = Tree(service: service)
        let owner = EntityKey(kind: .sample, id: "3")
        let map = PropertyPlace(owner: owner, path: "App.Map")
        try await withThrowingTaskGroup { group in
            for key in ["a", "b", "c", "d"] {
                group.addTask { try await tree.changeProperty(at: map.appending(key), to: .text(key)) }
            }
            try await group.waitForAll()
        }
        let kept = service.state.withLock { $0.properties[owner]?.first?.value }
        guard case .map(let entries)? = kept else {
            Issue.record("no map: \(String(describing: kept))")
            return
        }
        #expect(Set(entries.entries.map(\.key)) == ["a", "b", "c", "d"])
    }

    @Test func aTextThatIsLargerThanAllThatIsKeptIsKeptByItself() async throws {
        let tree = Tree(service: service)
        service.set { $0.texts[.json(.user)] = [UInt8](repeating: 32, count: 17 << 20) }
        #expect(try await tree.text(of: .json(.user)).count == 17 << 20)
        #expect(tree.knownText(of: .json(.user)) != nil)
    }

    @Test func whoAsksAfterAChangeIsNotAnsweredByAFetchFromBeforeIt() async throws {
        let tree = Tree(service: service)
        let root = try #require(tree.node(.root))
        let projects = try #require(try await tree.child(named: "Projects", of: root))
        service.set { $0.answersAsOfCall = true }
        service.shutGate()
        let before = Task { try await tree.children(of: projects).map(\.name) }
        try await eventually("it is asked") { !service.calls.isEmpty }
        tree.refresh(projects)
        let after = Task { try await tree.children(of: projects).map(\.name) }
        service.set { $0.projects.append(Project(id: "8", name: "Q")) }
        service.openGate()
        #expect(try await after.value == ["P", "Q"])
        _ = try await before.value
        #expect(service.calls.filter { $0 == "projects" }.count == 2)
    }
}
