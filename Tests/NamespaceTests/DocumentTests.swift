import BaseSpaceAPI
import Namespace
import TestSupport
import Testing

/// Texts that the service is asked for.
@Suite struct DocumentTests {
    private let fixture = TreeFixture()
    private let document = DocumentFile.json(.entity(EntityKey(kind: .project, id: "7")))

    private func text(_ document: DocumentFile? = nil) async throws -> String {
        String(decoding: try await fixture.tree.text(of: document ?? self.document), as: UTF8.self)
    }

    @Test func areKeptForAMinute() async throws {
        #expect(fixture.tree.knownText(of: document) == nil)
        #expect(try await text() == "{}")
        fixture.service.set { $0.texts[document] = Array("new".utf8) }
        fixture.clock.advance(by: .seconds(59))
        #expect(try await text() == "{}")
        #expect(fixture.service.calls == ["text"])
        fixture.clock.advance(by: .seconds(2))
        #expect(fixture.tree.knownText(of: document) == nil)
        #expect(try await text() == "new")
    }

    @Test func areAskedForAgainAfterARefresh() async throws {
        _ = try await text()
        fixture.tree.refresh(below: try #require(fixture.tree.node(.root)))
        #expect(fixture.tree.knownText(of: document) == nil)
        fixture.service.set { $0.texts[document] = Array("new".utf8) }
        #expect(try await text() == "new")
    }

    @Test func oldOnesServeWhileTheServiceIsAwayAndNotWhenItRefuses() async throws {
        _ = try await text()
        fixture.clock.advance(by: .seconds(100))
        fixture.service.set { $0.failure = FakeService.unreachable }
        #expect(try await text() == "{}")
        fixture.clock.advance(by: .seconds(6))
        fixture.service.set { $0.failure = BaseSpaceError(kind: .service(status: 403), message: "no", endpoint: "x") }
        await #expect(throws: BaseSpaceError.self) { try await text() }
        fixture.service.set { $0.failure = FakeService.unreachable }
        await #expect(throws: BaseSpaceError.self) { try await text() }
    }

    @Test func oneCallServesAllWhoWait() async throws {
        fixture.service.shutGate()
        let (tree, document) = (fixture.tree, document)
        let waiting = (0..<5).map { _ in Task { try await tree.text(of: document).count } }
        try await eventually("it is asked") { !fixture.service.calls.isEmpty }
        fixture.service.openGate()
        for task in waiting {
            #expect(try await task.value == 2)
        }
        #expect(fixture.service.calls == ["text"])
    }

    @Test func theLeastUsedGoWhenTheyAreTooManyBytes() async throws {
        let documents = (1...3).map { DocumentFile.variantHeader(of: EntityID(String($0))) }
        fixture.service.set { state in
            for document in documents {
                state.texts[document] = [UInt8](repeating: 1, count: 7 << 20)
            }
        }
        let tree = fixture.tree
        _ = try await tree.text(of: documents[0])
        _ = try await tree.text(of: documents[1])
        #expect(tree.knownText(of: documents[0])?.count == 7 << 20)
        _ = try await tree.text(of: documents[2])
        #expect(documents.map { tree.knownText(of: $0) != nil } == [true, false, true])
    }

    @Test(arguments: [
        ("chr1:1-100", "chr1", 1, 100), ("HLA-A*01:01:5-5", "HLA-A*01:01", 5, 5),
    ])
    func regionsHaveNames(text: String, chromosome: String, start: Int, end: Int) {
        let region = GenomicRegion(text)
        #expect(region?.chromosome == chromosome && region?.start == start && region?.end == end)
    }

    @Test(arguments: ["chr1", "chr1:", "chr1:5", "chr1:0-5", "chr1:6-5", "chr1:1-2-3", ":1-2", "chr1:-1-5", "chr1:a-b"])
    func otherNamesAreNoRegions(text: String) {
        #expect(GenomicRegion(text) == nil)
    }
}
