import BaseSpaceAPI
import Namespace
import Testing

/// A tree over a service in memory, and a clock that stands.
struct TreeFixture {
    let service = FakeService()
    let clock = ManualClock()
    let tree: Tree

    init(_ configure: (inout Tree.Configuration) -> Void = { _ in }) {
        var configuration = Tree.Configuration()
        configure(&configuration)
        let clock = clock
        tree = Tree(service: service, configuration: configuration, now: { clock.now })
    }

    /// Walks down from the root, asking the service where it has to. Names are separated by slashes.
    func walk(_ path: String) async throws -> Node {
        var node = try #require(tree.node(.root))
        for name in path.split(separator: "/") {
            node = try #require(try await tree.child(named: String(name), of: node), "\(path): \(name)")
        }
        return node
    }

    /// Where a link leads; fails the test if there is none.
    func target(_ path: String) async throws -> String {
        guard case .link(let target) = try await walk(path).content else {
            Issue.record("\(path) is no link")
            return ""
        }
        return target
    }

    /// What the service is asked for meanwhile.
    func calls<Value>(_ body: () async throws -> Value) async rethrows -> (value: Value, calls: [String]) {
        let before = service.calls.count
        let value = try await body()
        return (value, Array(service.calls.dropFirst(before)))
    }
}
