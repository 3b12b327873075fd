import OrderedCollections
import TestSupport
import Testing

@testable import BaseSpaceAPI
@testable import Namespace

@Suite struct FileTreeTests {
    private func listing(of files: [RemoteFile], in container: FileContainer = .appResult("1")) -> Listing {
        var tree = FileTree(container: container)
        files.forEach { tree.append($0) }
        return tree.listing()
    }

    private func names(_ files: [(id: EntityID, path: String)], in directory: String = "") -> [String: EntityID?] {
        let listing = listing(of: files.map { RemoteFile(id: $0.id, name: "", path: $0.path, size: 1) })
        return (listing.directories[directory] ?? [:]).reduce(into: [:]) { names, child in
            switch child.value {
            case .file(let record): names[child.key] = .some(record.id)
            case .directory: names[child.key] = .some(nil)
            case .entity, .reference, .text: break
            }
        }
    }

    @Test func pathsBecomeDirectories() {
        let files: [(id: EntityID, path: String)] = [("1", "a/b/c.bam"), ("2", "a/d.txt"), ("3", "e")]
        #expect(names(files) == ["a": nil, "e": "3"])
        #expect(names(files, in: "a") == ["b": nil, "d.txt": "2"])
        #expect(names(files, in: "a/b") == ["c.bam": "1"])
    }

    @Test func aPathThatEndsWithASlashTakesNoOtherFromItsPlace() {
        let files: [(id: EntityID, path: String)] = [
            ("1", "d/"), ("2", "d/a"), ("3", "d/b"), ("4", "e/x"), ("5", "e/"),
        ]
        for files in [files, files.reversed()] {
            #expect(names(files) == ["d": nil, "d (1)": "1", "e": nil, "e (5)": "5"])
            #expect(names(files, in: "d") == ["a": "2", "b": "3"])
            #expect(names(files, in: "e") == ["x": "4"])
        }
    }

    /// To Swift a slash and an accent are one character; to the service it is a slash.
    @Test func anAccentAfterASlashHidesNoDirectory() {
        let files: [(id: EntityID, path: String)] = [("1", "a/\u{301}b"), ("2", "a/x")]
        #expect(names(files) == ["a": nil])
        #expect(names(files, in: "a") == ["\u{301}b": "1", "x": "2"])
    }

    @Test func theNewestUploadOfAPathIsShown() {
        #expect(names([("20", "x"), ("9", "x")]) == ["x": "20"])
        // Also where it has to give way: the path keeps the name it has.
        #expect(names([("1", "a/b"), ("2", "a"), ("30", "a")]) == ["a": nil, "a (2)": "30"])
    }

    @Test func aFileGivesWayToADirectoryOfItsName() {
        #expect(names([("1", "a"), ("2", "a/b")]) == ["a": nil, "a (1)": "1"])
    }

    @Test func pathsThatBecomeTheSameNameStayApart() {
        #expect(
            names([("1", "x_y"), ("2", "x\u{1}y"), ("3", "x\u{2}y")]) == ["x_y": "1", "x_y (2)": "2", "x_y (3)": "3"]
        )
    }

    /// An é of one code point and an é of two are the same key of a dictionary, and two files of the service.
    @Test(arguments: ["", "f"])
    func namesThatOnlyLookTheSameStayApart(name: String) {
        let (one, two) = ("\u{e9}", "e\u{301}")
        #expect(names([("1", name + one), ("2", name + two)]) == [name + one: "1", "\(name)\(two) (2)": "2"])
        #expect(names([("1", one + "/f"), ("2", two + "/f")], in: one) == ["f": "1", "f (2)": "2"])
    }

    @Test(arguments: [("/lead", "lead"), ("a//b", "a"), ("../up", "_.."), (".rc", "_.rc"), ("", "_")])
    func oddPathsStayInsideTheTree(path: String, first: String) {
        #expect(names([("1", path)]).keys.contains(first))
    }

    /// However the list is cut into pages, in whatever order it comes and whatever comes twice, the directories are the same.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func pagesMakeTheSameDirectoriesAsTheWholeList(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let parts = ["a", "b", "a (2)", "a (9)", "..", "x\u{1}", "x_"]
        var files = (1...40).map { id in
            let path = (0...Int.random(in: 0...2, using: &random))
                .map { _ in parts.randomElement(using: &random) ?? "" }
                .joined(separator: "/")
            var file = RemoteFile(id: EntityID(String(id)), name: "n", path: path, size: Int64(id))
            file.etag = "0123456789abcdef0123456789abcdef-\(id)"
            file.created = Timestamp(seconds: Int64(id))
            file.contentLink = SignedLink("https://example.com/\(id)?s")
            return file
        }
        let whole = described(listing(of: files, in: .sample("1")))
        // What is usual goes a shorter way, which takes the name that stands at the end of the path.
        for index in files.indices where seed % 4 > 0 {
            files[index].name = files[index].path.split(separator: "/").last.map { String($0) } ?? ""
        }
        #expect(described(listing(of: files, in: .sample("1"))) == whole, "seed \(seed)")
        // Mostly in order, as the service's own lists are.
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            files.swapAt(Int.random(in: 0..<40, using: &random), Int.random(in: 0..<40, using: &random))
        }
        if Bool.random(using: &random) { files.append(files[Int.random(in: 0..<40, using: &random)]) }
        #expect(described(listing(of: files, in: .sample("1"))) == whole, "seed \(seed)")
    }

    /// All that a listing says, without the order of its lines.
    private func described(_ listing: Listing) -> [String] {
        listing.directories.flatMap { path, directory in
            directory.map { name, child in
                guard case .file(let record) = child else { return "\(path)/\(name): \(child)" }
                let link = record.contentURL?.description ?? ""
                return "\(record.place.path): \(path)/\(name) \(record.id) \(record.size) \(record.etag ?? "") \(link)"
                    + "\(record.modified.map { "\($0)" } ?? "")"
            }
        }.sorted()
    }

    /// Every file of a listing is found where its record says it stands, whatever the paths.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func everyFileIsFoundAtItsPlace(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let parts = ["a", "b", "a (2)", "..", ".", "", "x\u{1}", "x_"]
        let files = (1...50).map { id in
            let path = (0...Int.random(in: 0...3, using: &random))
                .map { _ in parts.randomElement(using: &random) ?? "" }
                .joined(separator: "/")
            let name = path.split(separator: "/").last.map { String($0) } ?? ""
            return RemoteFile(id: EntityID(String(id)), name: seed % 2 == 0 ? "n" : name, path: path, size: 0)
        }
        let listing = listing(of: files, in: .sample("1"))
        let newest = Dictionary(files.map { ($0.path, $0.id) }, uniquingKeysWith: { max($0, $1) })
        var shown: Set<EntityID> = []
        for (path, directory) in listing.directories {
            for (name, child) in directory {
                let place = FilePlace(container: .sample("1"), path: path).appending(name)
                switch child {
                case .file(let record):
                    #expect(record.place == place, "seed \(seed)")
                    #expect(listing.directories[place.path] == nil, "seed \(seed)")
                    shown.insert(record.id)
                case .directory:
                    #expect(listing.directories[place.path] != nil, "seed \(seed)")
                case .entity, .reference, .text:
                    Issue.record("an entity among files, seed \(seed)")
                }
            }
        }
        #expect(shown == Set(newest.values), "seed \(seed)")
    }
}
