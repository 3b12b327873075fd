import BaseSpaceAPI
import Namespace
import TestSupport
import Testing

/// What is written here lies over what the service lists.
@Suite struct LocalEntriesTests {
    private let service = FakeService()
    private let clock = ManualClock()
    private let tree: Tree
    private let container = FileContainer.appResult("5")

    init() {
        let clock = clock
        tree = Tree(service: service, now: { clock.now })
        service.set { $0.appResults = [AppResult(id: "5", name: "R", status: .running, appSessionID: "s")] }
    }

    private func files() async throws -> Node {
        var node = try #require(tree.node(.root))
        for name in ["Projects", "P", "AppResults", "R", "Files"] {
            node = try #require(try await tree.child(named: name, of: node))
        }
        return node
    }

    private func names() async throws -> [String] {
        try await tree.children(of: files()).map(\.name).sorted()
    }

    private func place(_ path: String) -> FilePlace { FilePlace(container: container, path: path) }

    @Test func aStagedFileIsFoundWithoutAnyListing() async throws {
        let directory = try await files()
        let staged = tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place("new"))
        guard case .found(let found) = tree.knownChild(named: "new", of: directory) else {
            Issue.record("not found")
            return
        }
        #expect(found.inode == staged.inode)
        #expect(!service.calls.contains("files"))
    }

    @Test func anUploadStaysVisibleThroughAListingThatBeganBeforeIt() async throws {
        let directory = try await files()
        let staged = try #require(tree.retain(tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place("new"))))
        service.shutGate()
        let tree = tree
        let listing = Task { try await tree.children(of: directory).map(\.name) }
        try await eventually("it is asked") { service.calls.contains("files") }
        let file = RemoteFile(id: "99", name: "new", path: "new", size: 4, etag: "e")
        tree.replaceStagedFile(staged.inode, at: place("new"), by: file, modified: Timestamp(seconds: 77))
        service.openGate()
        #expect(try await listing.value == ["new"])
        let found = try #require(try await tree.child(named: "new", of: directory))
        #expect(found.inode == staged.inode)
        guard case .file(let record) = found.content else {
            Issue.record("still staged")
            return
        }
        #expect(record.modified == Timestamp(seconds: 77))
        // A listing that began later has the last word.
        clock.advance(by: .seconds(100))
        #expect(try await names() == [])
    }

    @Test func anUploadKeepsItsNumberAndItsTimeWhenTheListingShowsIt() async throws {
        let directory = try await files()
        let staged = try #require(tree.retain(tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place("new"))))
        let file = RemoteFile(id: "99", name: "new", path: "new", size: 4, created: Timestamp(seconds: 1000))
        tree.replaceStagedFile(staged.inode, at: place("new"), by: file, modified: Timestamp(seconds: 77))
        service.set { $0.files = [file] }
        clock.advance(by: .seconds(100))
        let found = try #require(try await tree.child(named: "new", of: directory))
        #expect(found.inode == staged.inode)
        guard case .file(let record) = found.content else {
            Issue.record("still staged")
            return
        }
        #expect(record.modified == Timestamp(seconds: 77))
    }

    /// The number that a file got when it was written here is that of what was written.
    @Test func anotherContentOfAnUploadHasAnotherNumber() async throws {
        let directory = try await files()
        let staged = try #require(tree.retain(tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place("new"))))
        var file = RemoteFile(id: "99", name: "new", path: "new", size: 4, etag: "e1")
        tree.replaceStagedFile(staged.inode, at: place("new"), by: file, modified: Timestamp(seconds: 77))
        for (etag, isWritten) in [("e1", true), ("e2", false), ("e1", true)] {
            file.etag = etag
            service.set { [file] in $0.files = [file] }
            clock.advance(by: .seconds(100))
            let found = try #require(try await tree.child(named: "new", of: directory))
            #expect((found.inode == staged.inode) == isWritten, "\(etag)")
        }
    }

    /// Who only wants names is told the same as who wants nodes, and looks at the same moment.
    @Test func namesAreThoseOfTheNodes() async throws {
        let directory = try await files()
        let staged = try #require(tree.retain(tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place("b"))))
        let file = RemoteFile(id: "99", name: "b", path: "b", size: 4, created: Timestamp(seconds: 1000))
        #expect(try await tree.contents(of: directory).fileName(at: 0) == nil)
        tree.replaceStagedFile(staged.inode, at: place("b"), by: file, modified: Timestamp(seconds: 77))
        service.set { $0.files = [RemoteFile(id: "1", name: "a", path: "d/a", size: 1), file] }
        clock.advance(by: .seconds(100))

        let contents = try await tree.contents(of: directory)
        service.set { $0.files = [] }
        tree.refresh(directory)
        _ = try await tree.contents(of: directory)
        #expect(contents.nodes.map(\.name) == ["d", "b"] && contents.count == 2 && contents.firstFileName == "b")
        #expect(contents.fileName(at: 0) == nil && contents.node(at: 0).isDirectory)
        #expect(contents.inode(at: 0) == contents.node(at: 0).inode)
        #expect(contents.fileName(at: 1) == "b" && contents.inode(at: 1) == staged.inode)
        #expect(contents.node(at: 1).inode == staged.inode)
        guard case .file(let record) = contents.node(at: 1).content else {
            Issue.record("still staged")
            return
        }
        #expect(record.modified == Timestamp(seconds: 77))
    }

    @Test func aFileThatWasOpenedAndNotChangedStaysThoughTheListingIsOlder() async throws {
        let directory = try await files()
        _ = try await tree.children(of: directory)
        let staged = try #require(tree.retain(tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place("new"))))
        let file = RemoteFile(id: "99", name: "new", path: "new", size: 4, created: Timestamp(seconds: 1000))
        tree.replaceStagedFile(staged.inode, at: place("new"), by: file, modified: Timestamp(seconds: 77))
        guard case .file(let record) = try await tree.child(named: "new", of: directory)?.content else {
            Issue.record("still staged")
            return
        }
        tree.coverFile(staged.inode, at: place("new"))
        tree.restoreFile(record, under: staged.inode, at: place("new"), modified: Timestamp(seconds: 78))
        #expect(try await names() == ["new"])
        guard case .file(let restored) = try await tree.child(named: "new", of: directory)?.content else {
            Issue.record("still staged")
            return
        }
        #expect(restored.modified == Timestamp(seconds: 78))
    }

    @Test func whoReadsAnOlderSnapshotIsToldWhatAFileIsNow() async throws {
        service.set { $0.files = [RemoteFile(id: "1", name: "x", path: "x", size: 1)] }
        let snapshot = try await tree.children(of: files())
        let listed = try #require(snapshot.first { $0.name == "x" })
        let known = try #require(tree.retain(listed))
        tree.coverFile(known.inode, at: place("x"))
        guard case .staged = tree.retain(listed)?.content else {
            Issue.record("the copy that is being written is hidden by the listing")
            return
        }
        guard case .staged = tree.node(known.inode)?.content else {
            Issue.record("the listing has replaced the copy")
            return
        }
    }

    @Test func anUploadThatNoListingShowsYetIsDescribedAndFoundByItsID() async throws {
        let directory = try await files()
        _ = try await tree.children(of: directory)
        _ = tree.addLocalDirectory(at: place("d"))
        let staged = try #require(tree.retain(tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place("d/new"))))
        let result = try #require(tree.node(.root))
        var metadata = result
        for name in ["Projects", "P", "AppResults", "R", "Files.metadata"] {
            metadata = try #require(try await tree.child(named: name, of: metadata))
        }
        let below = try #require(try await tree.child(named: "d", of: metadata))
        #expect(try await tree.child(named: "new", of: below) == nil, "the service has nothing to tell of it")
        let file = RemoteFile(id: "99", name: "new", path: "d/new", size: 4)
        tree.replaceStagedFile(staged.inode, at: place("d/new"), by: file, modified: Timestamp(seconds: 1))
        let described = try #require(try await tree.child(named: "new", of: below))
        guard case .hidden(.fileMetadata(let record)) = described.content else {
            Issue.record("it is not described")
            return
        }
        #expect(record.id == "99")
        service.set { $0.containers["99"] = FileContainer.appResult("5") }
        let files = try #require(try await tree.child(named: ".by-id", of: result))
        let byID = try #require(try await tree.child(named: "files", of: files))
        guard case .link(let target) = try await tree.child(named: "99", of: byID)?.content else {
            Issue.record("no link")
            return
        }
        #expect(target == "../../Projects/P/AppResults/R/Files/d/new")
    }

    @Test func renamingMovesAStagedFileAndCoversWhatWasThere() async throws {
        service.set { $0.files = [RemoteFile(id: "1", name: "x", path: "x", size: 1)] }
        let directory = try await files()
        let staged = try #require(tree.retain(tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place(".x.tmp"))))
        #expect(try await names() == [".x.tmp", "x"])
        tree.moveStagedFile(staged.inode, from: place(".x.tmp"), to: place("x"))
        #expect(try await names() == ["x"])
        #expect(try await tree.child(named: "x", of: directory)?.inode == staged.inode)
        #expect(tree.node(staged.inode)?.name == "x")
        tree.removeStagedFile(staged.inode, at: place("x"))
        #expect(try await tree.child(named: "x", of: directory)?.inode != staged.inode)
    }

    @Test func localDirectoriesAreThereUntilRemoved() async throws {
        let directory = tree.addLocalDirectory(at: place("d"))
        _ = tree.addStagedFile(Tree.inode(ofStagedFile: "1"), at: place("d/f"))
        #expect(try await names() == ["d"])
        #expect(try await tree.children(of: directory).map(\.name) == ["f"])
        #expect(tree.removeLocalDirectory(at: place("d")))
        #expect(!tree.removeLocalDirectory(at: place("d")))
    }

    @Test func aNewAppResultIsListedAtOnceUnderItsName() async throws {
        var node = try #require(tree.node(.root))
        for name in ["Projects", "P", "AppResults"] {
            node = try #require(try await tree.child(named: name, of: node))
        }
        _ = try await tree.children(of: node)
        guard case .created(let made) = try await tree.createEntity(named: "New", in: node) else {
            Issue.record("not created")
            return
        }
        #expect(tree.knownChildren(of: node)?.map(\.name) == ["R", "New"])
        #expect(made.name == "New")
    }

    @Test func aProjectThatTheServiceHasAlreadyIsNotMadeTwice() async throws {
        let root = try #require(tree.node(.root))
        let projects = try #require(try await tree.child(named: "Projects", of: root))
        guard case .existing = try await tree.createEntity(named: "P", in: projects) else {
            Issue.record("created")
            return
        }
    }

    @Test func aFinalSessionEndsTheWorkInAllItsAppResults() async throws {
        service.set {
            $0.appResults = [
                AppResult(id: "5", name: "R", status: .running, appSessionID: "s"),
                AppResult(id: "6", name: "R2", status: .running, appSessionID: "s"),
            ]
        }
        _ = try await files()
        #expect(tree.acceptsWork(.appResult("5")) && tree.acceptsWork(.appResult("6")))
        let result = Entity.appResult(AppResult(id: "5", name: "R", appSessionID: "s"))
        #expect(try await tree.setSession(of: result, to: .complete, summary: "done").status == .complete)
        #expect(!tree.acceptsWork(.appResult("5")) && !tree.acceptsWork(.appResult("6")))
        #expect(!tree.acceptsWork(.sample("1")))
    }

    @Test func theStateOfASessionIsAskedForAgainAfterSeconds() async throws {
        _ = try await files()
        let result = Entity.appResult(AppResult(id: "5", name: "R", appSessionID: "s"))
        #expect(try await tree.session(of: result).status == .running)
        service.set { $0.sessions["s"] = AppSession(id: "s", name: "S", status: .needsAttention) }
        #expect(try await tree.session(of: result).status == .running)
        clock.advance(by: .seconds(3))
        #expect(try await tree.session(of: result).status == .needsAttention)
        clock.advance(by: .seconds(3))
        service.set { $0.failure = FakeService.unreachable }
        #expect(try await tree.session(of: result).status == .needsAttention)
    }
}
