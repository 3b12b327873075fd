import BaseSpaceAPI
import Namespace
import TestSupport
import Testing

/// In every directory of entities a name that is listed is the name of its entity.
@Suite struct CollectionNamesTests {
    private static let alphabet = [
        "a", ".", "/", " ", "(2)", "\n", "é", "🧬", "x (3)", String(repeating: "w", count: 120),
    ]

    private func name(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in Self.alphabet.randomElement(using: &random) ?? "" }
            .joined()
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func aListedNameLeadsToItsEntity(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = TreeFixture()
        let ids = (20..<60).map { EntityID(String($0)) }.shuffled(using: &random)
        let names = ids.map { _ in name(&random) }
        let all = Array(zip(ids, names))
        let results = all.map { AppResult(id: $0, name: $1, appSessionID: "9") }
        let datasets = all.map { Entity.dataset(Dataset(id: $0, name: $1)) }
        let sessions = all.map { Entity.appSession(AppSession(id: $0, name: $1, status: .running)) }
        fixture.service.set { state in
            state.projects += all.map { Project(id: $0, name: $1) }
            state.samples = all.map { Sample(id: $0, name: $1) }
            state.appResults = results
            state.others[.runs] = all.map { .run(Run(id: $0, name: $1)) }
            state.others[.appSessions] = [.appSession(AppSession(id: "9", name: "A", status: .running))] + sessions
            state.others[.bioSamples] =
                [.bioSample(BioSample(id: "8", name: "B"))] + all.map { .bioSample(BioSample(id: $0, name: $1)) }
            state.others[.genomes] = all.map { .genome(Genome(id: $0, name: $1)) }
            state.others[.datasets(of: "7")] = datasets
            state.others[.projectSessions(of: "7")] = sessions
            state.others[.bioSampleDatasets(of: "8")] = datasets
            state.others[.results(ofSession: "9")] = results.map { .appResult($0) }
        }
        for path in [
            "Projects", "Projects/P/Samples", "Projects/P/AppResults", "Projects/P/Datasets", "Projects/P/AppSessions",
            "Runs",
            "AppSessions", "BioSamples", "BioSamples/B/Datasets", "Genomes", "AppSessions/A",
        ] {
            let directory = try await fixture.walk(path)
            let tree = fixture.tree
            let children = try await tree.children(of: directory).filter { id(of: $0) != nil }
            #expect(children.count >= ids.count, "\(path), seed \(seed)")
            for child in children {
                let found = try await tree.child(named: child.name, of: directory)
                #expect(found.flatMap(id) == id(of: child), "\(path)/\(child.name), seed \(seed)")
                #expect(found?.inode == child.inode, "\(path)/\(child.name), seed \(seed)")
                guard path != "AppSessions/A", let id = id(of: child) else { continue }
                #expect(try await fixture.target("\(path)/.id.\(id)") == child.name, "\(path), seed \(seed)")
            }
        }
    }

    private func id(of node: Node) -> EntityID? {
        switch node.content {
        case .entity(let entity): entity.id
        case .link(let target) where target.contains(".by-id/"):
            target.split(separator: "/").last.map { EntityID(String($0)) }
        default: nil
        }
    }
}
