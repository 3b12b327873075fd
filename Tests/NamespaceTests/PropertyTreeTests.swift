import BaseSpaceAPI
import OrderedCollections
import Synchronization
import Testing

@testable import Namespace

/// What properties look like as files.
@Suite struct PropertyTreeTests {
    private func shape(_ properties: [Property]) -> [String] {
        PropertyTree.listing(of: properties).directories.flatMap { path, directory in
            directory.map { name, child in
                let path = path.isEmpty ? name : "\(path)/\(name)"
                return switch child {
                case .text(let text): "\(path)=\(String(decoding: text, as: UTF8.self))"
                case .reference(let key): "\(path)@\(key)"
                case .directory: "\(path)/"
                case .entity, .file: "\(path)?"
                }
            }
        }.sorted()
    }

    @Test func eachTypeHasItsForm() {
        let map = PropertyMap([.init("k/1", ["v", "w"]), .init("empty", [])])
        let shape = shape([
            Property(name: "A.Text", value: .text("t")), Property(name: "A.Ended", value: .text("t\n")),
            Property(name: "A.Empty", value: .text("")), Property(name: "A.Texts", value: .texts(["a", "b"])),
            Property(name: "A.Run", value: .reference(EntityReference(.run, "3"))),
            Property(name: "A.Files", value: .references(.file, [EntityReference(.file, "11")])),
            Property(name: "A.Map", value: .map(map)), Property(name: "A.Maps", value: .maps([map])),
            Property(name: "A.None", value: .texts([])),
            Property(name: "A.New", value: .unknown(type: "x", json: "{}")),
        ])
        #expect(
            shape == [
                "A.Empty=", "A.Ended=t\n", "A.Files/", "A.Files/0@file 11", "A.Map/", "A.Map/empty=",
                "A.Map/k_1=v\nw\n",
                "A.Maps/", "A.Maps/0/", "A.Maps/0/empty=", "A.Maps/0/k_1=v\nw\n", "A.New={}\n", "A.None/",
                "A.Run@run 3",
                "A.Text=t\n", "A.Texts/", "A.Texts/0=a\n", "A.Texts/1=b\n",
            ]
        )
    }

    @Test func aDirectoryThatWasMadeIsThereUntilTheServiceHasIt() async throws {
        let fixture = TreeFixture()
        let directory = try await fixture.walk("Projects/P/Properties")
        let owner = EntityKey(kind: .project, id: "7")
        let place = PropertyPlace(owner: owner, path: "A.List")
        let made = fixture.tree.addLocalProperty(at: place, in: directory)
        #expect(try await fixture.tree.children(of: directory).map(\.name) == ["A.List"])
        try await fixture.tree.changeProperty(at: place.appending("0"), to: .text("x"))
        #expect(try await fixture.tree.children(of: directory).map(\.inode) == [made.inode])
        #expect(fixture.service.state.withLock { $0.properties[owner]?.first?.value } == .texts(["x"]))
        try await fixture.tree.changeProperty(at: place.appending("0"), to: nil)
        #expect(fixture.service.state.withLock { $0.properties[owner] } == [])
        // The directory outlives the last of its entries, and goes when it is removed.
        #expect(try await fixture.tree.children(of: directory).map(\.name) == ["A.List"])
        #expect(try await fixture.tree.removePropertyDirectory(at: place))
        #expect(try await fixture.tree.children(of: directory).isEmpty)
    }

    @Test func aDirectoryThatTheServiceHoldsEmptyIsRemovedThere() async throws {
        let fixture = TreeFixture()
        let owner = EntityKey(kind: .project, id: "7")
        fixture.service.set { $0.properties[owner] = [Property(name: "A.List", value: .texts([]))] }
        let directory = try await fixture.walk("Projects/P/Properties")
        #expect(try await fixture.tree.children(of: directory).map(\.name) == ["A.List"])
        let place = PropertyPlace(owner: owner, path: "A.List")
        // What others have put in since it was listed stays.
        fixture.service.set { $0.properties[owner] = [Property(name: "A.List", value: .texts(["new"]))] }
        #expect(try await !fixture.tree.removePropertyDirectory(at: place))
        #expect(fixture.service.state.withLock { $0.properties[owner]?.first?.value } == .texts(["new"]))
        fixture.service.set { $0.properties[owner] = [Property(name: "A.List", value: .texts([]))] }
        fixture.tree.refresh(directory)
        #expect(try await fixture.tree.removePropertyDirectory(at: place))
        #expect(fixture.service.state.withLock { $0.properties[owner] } == [])
        #expect(try await fixture.tree.children(of: directory).isEmpty)
    }

    @Test func theOtherElementsOfAListKeepTheirNames() async throws {
        let fixture = TreeFixture()
        let owner = EntityKey(kind: .project, id: "7")
        fixture.service.set { $0.properties[owner] = [Property(name: "A.List", value: .texts(["a", "b", "c", "d"]))] }
        let list = try await fixture.walk("Projects/P/Properties/A.List")
        let place = PropertyPlace(owner: owner, path: "A.List")
        func names() async throws -> [String] { try await fixture.tree.children(of: list).map(\.name) }
        func value() -> PropertyValue? { fixture.service.state.withLock { $0.properties[owner]?.first?.value } }

        for name in ["0", "2"] {
            try await fixture.tree.changeProperty(at: place.appending(name), to: nil)
        }
        #expect(value() == .texts(["b", "d"]))
        #expect(try await names() == ["1", "3"])
        // Where one was removed one can be put, and the next one goes behind all.
        try await fixture.tree.changeProperty(at: place.appending("2"), to: .text("C"))
        try await fixture.tree.changeProperty(at: place.appending("4"), to: .text("e"))
        #expect(value() == .texts(["b", "C", "d", "e"]))
        #expect(try await names() == ["1", "2", "3", "4"])
        await #expect(throws: BaseSpaceError.self) {
            try await fixture.tree.changeProperty(at: place.appending("6"), to: .text("f"))
        }
        // However long that takes: somebody may be in the middle of a removal.
        fixture.clock.advance(by: .seconds(3600))
        #expect(try await names() == ["1", "2", "3", "4"])
        fixture.tree.refresh(below: try await fixture.walk(""))
        #expect(try await names() == ["0", "1", "2", "3"])
        // What others have made of it in between has numbers of its own.
        try await fixture.tree.changeProperty(at: place.appending("0"), to: nil)
        fixture.service.set { $0.properties[owner] = [] }
        _ = fixture.tree.addLocalProperty(at: place, in: try await fixture.walk("Projects/P/Properties"))
        try await fixture.tree.changeProperty(at: place.appending("0"), to: .text("first"))
        #expect(try await names() == ["0"])
    }

    @Test func aRemovalWhoseAnswerIsLostIsNotMadeTwice() async throws {
        let fixture = TreeFixture()
        let owner = EntityKey(kind: .project, id: "7")
        fixture.service.set { $0.properties[owner] = [Property(name: "A.List", value: .texts(["a", "b"]))] }
        let list = try await fixture.walk("Projects/P/Properties/A.List")
        fixture.service.set { $0.losesAnswers = true }
        try await fixture.tree.changeProperty(at: PropertyPlace(owner: owner, path: "A.List/0"), to: nil)
        fixture.service.set { $0.losesAnswers = false }
        #expect(fixture.service.state.withLock { $0.properties[owner]?.first?.value } == .texts(["b"]))
        #expect(try await fixture.tree.children(of: list).map(\.name) == ["1"])
    }

    @Test func whatWouldNotBeFoundAgainCantBeMade() {
        func fault(_ path: String) -> String? {
            PropertyPlace(owner: EntityKey(kind: .project, id: "7"), path: path).fault
        }
        for path in ["A.b", "A.b/k", "A.b/a key", "A.b/0", "A.b/0/ké", "A.b/k.old"] {
            #expect(fault(path) == nil, "\(path)")
        }
        for path in [
            "A", ".A.b", "A.b~", "A.b/.k", "A.b/0/.key.Xa81cd", "A.b/a\u{1}b", "A.b/k~", "A.b/#k#", "A.b/4913",
        ] {
            #expect(fault(path) != nil, "\(path)")
        }
        #expect(fault("A.b/.k")?.contains("'_.k'") == true)
    }

    @Test func aTextHasItsSizeWhenItsListingIsOld() async throws {
        let fixture = TreeFixture()
        let place = PropertyPlace(owner: EntityKey(kind: .project, id: "7"), path: "A.Text")
        fixture.service.set { $0.properties[place.owner] = [Property(name: "A.Text", value: .text("words"))] }
        let directory = try await fixture.walk("Projects/P/Properties")
        let children = try await fixture.tree.children(of: directory)
        fixture.clock.advance(by: .seconds(61))
        #expect(fixture.tree.knownText(ofProperty: place) == nil)
        guard case .property(let found, let size) = try #require(children.first).content else {
            Issue.record("no text")
            return
        }
        #expect(found == place && size == 6)
    }

    @Test func aLinkThatHasToBeAskedForIsFollowed() async throws {
        let fixture = TreeFixture()
        fixture.service.set {
            $0.samples = [Sample(id: "17", name: "S")]
            $0.others[.appSessions] = [.appSession(AppSession(id: "9", name: "A", status: .running))]
        }
        let directory = try await fixture.walk("Projects/P/Samples/S/Properties")
        // Only its full form names the session.
        fixture.service.set { $0.samples = [Sample(id: "17", name: "S", appSessionID: "9")] }
        let reference = try await fixture.tree.reference(
            at: "/m/Projects/P/Samples/S/ParentAppSession",
            from: directory,
            mountPoint: "/m"
        )
        #expect(reference == EntityReference(.appSession, "9"))
    }

    @Test func aListTellsWhatItRefersTo() async throws {
        let fixture = TreeFixture()
        let owner = EntityKey(kind: .project, id: "7")
        let samples = [EntityReference(.sample, "17"), EntityReference(.sample, "18")]
        fixture.service.set {
            $0.properties[owner] = [
                Property(name: "A.List", value: .references(.sample, samples)),
                Property(name: "A.One", value: .reference(samples[0])),
            ]
        }
        let (all, list) = (
            try await fixture.walk("Projects/P/Properties"), try await fixture.walk("Projects/P/Properties/A.List")
        )
        let tree = fixture.tree
        #expect(try await tree.element(of: list, referringTo: EntityReference(.sample, "18", name: "n")) == "1")
        #expect(try await tree.element(of: list, referringTo: EntityReference(.run, "18")) == nil)
        #expect(try await tree.element(of: all, referringTo: samples[0]) == nil)
    }

    @Test func whatIsNotShownStaysInItsList() async throws {
        let fixture = TreeFixture()
        let place = PropertyPlace(owner: EntityKey(kind: .project, id: "7"), path: "A.List")
        let (shown, other) = (EntityReference(.sample, "17"), EntityReference(.sample, "18"))
        func show(_ references: [EntityReference]) -> Property {
            var property = Property(name: "A.List", value: .references(.sample, references))
            property.hiddenCount = 1
            fixture.service.set { $0.properties[place.owner] = [property] }
            return property
        }
        let property = show([shown])
        let list = try await fixture.walk("Projects/P/Properties/A.List")
        #expect(try await fixture.tree.children(of: list).map(\.name) == ["0"])
        let changes: [(String, PropertyEdit.Content?)] = [("1", .reference(other)), ("0", nil)]
        for (name, content) in changes {
            await #expect(throws: BaseSpaceError.self) {
                try await fixture.tree.changeProperty(at: place.appending(name), to: content)
            }
        }
        #expect(fixture.service.state.withLock { $0.properties[place.owner] } == [property])
        // It looks empty, and is not.
        _ = show([])
        fixture.tree.refresh(list)
        #expect(try await !fixture.tree.removePropertyDirectory(at: place))
    }
}
