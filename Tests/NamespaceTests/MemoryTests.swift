import BaseSpaceAPI
import Synchronization
import Testing

@testable import Namespace

/// How much of a large account is remembered.
@Suite struct MemoryTests {
    private func fixture(listings: Int = 250_000, nodes: Int = 250_000) -> TreeFixture {
        let fixture = TreeFixture {
            $0.listingLimit = listings
            $0.nodeLimit = nodes
        }
        fixture.service.set {
            $0.samples = (1...3).map { Sample(id: EntityID(String($0)), name: "S\($0)") }
            $0.files = (1...6).map { RemoteFile(id: EntityID("f\($0)"), name: "f\($0)", path: "f\($0)", size: 1) }
        }
        return fixture
    }

    @Test func theListingThatWasLookedAtLongestAgoIsDroppedFirst() async throws {
        let fixture = fixture(listings: 22)
        let tree = fixture.tree
        let files = [
            try await fixture.walk("Projects/P/Samples/S1/Files"),
            try await fixture.walk("Projects/P/Samples/S2/Files"),
            try await fixture.walk("Projects/P/Samples/S3/Files"),
        ]
        for directory in files.prefix(2) {
            _ = try await tree.children(of: directory)
        }
        // 1 project, 3 samples, 12 files, 4 listings: there is room for all. A look at the first makes the second the oldest.
        for path in ["Projects/P/Samples/S1/Files/f1"] {
            _ = try await fixture.walk(path)
        }
        _ = try await tree.children(of: files[2])
        #expect(files.map { tree.knownChildren(of: $0) != nil } == [true, false, true])
        let (children, calls) = try await fixture.calls { try await tree.children(of: files[1]) }
        #expect(children.count == 6 && calls == ["files"])
    }

    @Test func whatNobodyLooksAtGoesAfterAWhile() async throws {
        let fixture = fixture()
        let files = try await fixture.walk("Projects/P/Samples/S1/Files")
        _ = try await fixture.tree.children(of: files)
        fixture.service.set { $0.failure = FakeService.unreachable }
        fixture.clock.advance(by: .seconds(900))
        // A stale listing still serves while the service is away…
        #expect(try await fixture.tree.children(of: files).count == 6)
        fixture.service.set { $0.failure = nil }
        fixture.clock.advance(by: .seconds(2000))
        _ = try await fixture.tree.children(of: fixture.walk("Projects"))
        fixture.service.set { $0.failure = FakeService.unreachable }
        // …but not for ever.
        await #expect(throws: BaseSpaceError.self) { try await fixture.tree.children(of: files) }
    }

    @Test func theNodesThatTheKernelHasKnownLongestAreSurplus() async throws {
        let fixture = fixture(nodes: 2)
        let tree = fixture.tree
        let children = try await tree.children(of: fixture.walk("Projects/P/Samples/S1/Files"))
        let kept = try children.prefix(5).map { try #require(tree.retain($0)) }
        #expect(tree.surplusNodes().map(\.name) == kept.prefix(3).map(\.name))
        // They are on their way out.
        #expect(tree.surplusNodes().isEmpty)
        for node in kept.prefix(3) {
            tree.forget(node.inode, count: 1)
        }
        #expect(tree.surplusNodes().isEmpty)
        #expect(tree.inodeCount == 2)
        _ = try #require(tree.retain(children[5]))
        #expect(tree.surplusNodes().count == 1)
    }

    /// The kernel is told seldom, and then of many.
    @Test func aQuarterOfTheLimitGoesAtATime() async throws {
        let fixture = fixture(nodes: 4)
        let children = try await fixture.tree.children(of: fixture.walk("Projects/P/Samples/S1/Files"))
        for child in children.prefix(4) {
            _ = try #require(fixture.tree.retain(child))
        }
        #expect(fixture.tree.surplusNodes().isEmpty)
        _ = try #require(fixture.tree.retain(children[4]))
        #expect(fixture.tree.surplusNodes().map(\.name) == ["f1", "f2"])
        _ = try #require(fixture.tree.retain(children[5]))
        #expect(fixture.tree.surplusNodes().isEmpty)
    }

    @Test func whatWasBusyHasItsTurnAgain() async throws {
        let fixture = fixture(nodes: 2)
        let tree = fixture.tree
        let children = try await tree.children(of: fixture.walk("Projects/P/Samples/S1/Files"))
        let kept = try children.prefix(4).map { try #require(tree.retain($0)) }
        #expect(tree.surplusNodes().map(\.name) == ["f1", "f2"])
        // The kernel keeps the first, looks the second up again, and comes to know two more.
        _ = try #require(tree.retain(children[1]))
        #expect(tree.surplusNodes().map(\.name) == ["f3"])
        tree.forget(kept[2].inode, count: 1)
        for child in children[4...] {
            _ = try #require(tree.retain(child))
        }
        #expect(tree.surplusNodes().map(\.name) == ["f4", "f1", "f2"])
    }

    @Test func directoriesAreNeitherSurplusNorAtTheExpenseOfFiles() async throws {
        let fixture = fixture(nodes: 1)
        for path in ["Projects", "Projects/P", "Projects/P/Samples", "Projects/P/Samples/S1/Files/f1"] {
            _ = try #require(fixture.tree.retain(try await fixture.walk(path)))
        }
        #expect(fixture.tree.surplusNodes().isEmpty)
        _ = try #require(fixture.tree.retain(try await fixture.walk("Projects/P/Samples/S1/Files/f2")))
        #expect(fixture.tree.surplusNodes().map(\.name) == ["f1"])
        #expect(fixture.tree.surplusNodes().isEmpty)
    }

    @Test func refusedAndEmptyListingsGoToo() async throws {
        let fixture = fixture(listings: 8)
        fixture.service.set { $0.files = [] }
        for sample in 1...3 {
            _ = try await fixture.tree.children(of: fixture.walk("Projects/P/Samples/S\(sample)/Files"))
        }
        // 1 project, 3 samples and 5 listings are more than 8: some of the empty ones are gone.
        #expect(fixture.tree.listingCount < 5)

        fixture.service.set { $0.failure = BaseSpaceError(kind: .service(status: 403), message: "no", endpoint: "x") }
        let files = try await fixture.walk("Projects/P/Samples/S1/Files")
        fixture.tree.refresh(files)
        await #expect(throws: BaseSpaceError.self) { try await fixture.tree.children(of: files) }
        fixture.service.set { $0.failure = nil }
        fixture.clock.advance(by: .seconds(3000))
        _ = try await fixture.tree.children(of: fixture.walk("Projects"))
        #expect(fixture.tree.listingCount == 1)
    }

    @Test func whatComesAndGoesLeavesNothingBehind() async throws {
        let fixture = fixture(nodes: 10)
        let children = try await fixture.tree.children(of: fixture.walk("Projects/P/Samples/S1/Files"))
        for _ in 0..<3000 {
            for child in children {
                let node = try #require(fixture.tree.retain(child))
                fixture.tree.forget(node.inode, count: 1)
            }
        }
        #expect(fixture.tree.inodeCount == 0)
        #expect(fixture.tree.surplusNodes().isEmpty)
    }

    @Test func anUploadIsNotRememberedForEverWhereNobodyLists() async throws {
        let fixture = TreeFixture()
        fixture.service.set { $0.appResults = [AppResult(id: "5", name: "R", status: .running, appSessionID: "s")] }
        let files = try await fixture.walk("Projects/P/AppResults/R/Files")
        #expect(try await fixture.tree.children(of: files).isEmpty)
        let place = FilePlace(container: .appResult("5"), path: "d/new")
        let staged = fixture.tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place)
        let file = RemoteFile(id: "99", name: "new", path: "d/new", size: 4, etag: "e")
        fixture.tree.replaceStagedFile(staged.inode, at: place, by: file, modified: Timestamp(seconds: 77))
        for wait in [100, 2000] {
            fixture.clock.advance(by: .seconds(wait))
            _ = try await fixture.tree.children(of: try await fixture.walk("Projects/P/Samples"))
            let isRemembered = fixture.tree.state.withLock { $0.local[.appResult("5")]?["d/new"] != nil }
            #expect(isRemembered == (wait == 100))
        }
        // The next look finds it at the service.
        fixture.service.set { $0.files = [file] }
        let directory = try await fixture.walk("Projects/P/AppResults/R/Files/d")
        #expect(try await fixture.tree.children(of: directory).map(\.name) == ["new"])
    }
}
