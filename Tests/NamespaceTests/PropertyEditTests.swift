import BaseSpaceAPI
import OrderedCollections
import TestSupport
import Testing

@testable import Namespace

/// Edits of a property, compared with what the same writes and removals make of plain files.
@Suite struct PropertyEditTests {
    /// A property as files: their texts by their paths below its name, and the number of a list's next element.
    private struct Files: Equatable {
        enum Form: Equatable {
            case none, text, list, map, maps
        }
        var form = Form.none
        var texts: [String: String] = [:]
        var next = 0

        /// Writes a file if there can be one, and answers whether there can.
        mutating func write(_ text: String, at path: [String]) -> Bool {
            switch path.count {
            case 0:
                self = Files(form: .text, texts: ["": text])
                return true
            case 1:
                switch form {
                case .none where Int(path[0]) == nil: self = Files(form: .map, texts: [path[0]: text])
                case .map: texts[path[0]] = text
                case .none, .list:
                    guard let index = element(path[0]) else { return false }
                    form = .list
                    texts[path[0]] = text
                    next = max(next, index + 1)
                case .text, .maps: return false
                }
                return true
            default:
                guard form == .none || form == .maps, let index = element(path[0]) else { return false }
                form = .maps
                texts[path.joined(separator: "/")] = text
                next = max(next, index + 1)
                return true
            }
        }

        private func element(_ name: String) -> Int? {
            Int(name).flatMap { (0...next).contains($0) && String($0) == name ? $0 : nil }
        }

        /// Removes a file that is there; the others keep their names.
        mutating func remove(_ path: String) {
            texts[path] = nil
            if texts.isEmpty, form != .maps {
                self = Files()
            }
        }
    }

    private func texts(of value: PropertyValue?, _ numbers: ElementNumbers) -> [String: String] {
        guard let value else { return [:] }
        let listing = PropertyTree.listing(of: [Property(name: "P.x", value: value)]) { _ in numbers }
        var texts: [String: String] = [:]
        for (directory, children) in listing.directories {
            for case (let name, .text(let bytes)) in children {
                let path = directory.isEmpty ? name : "\(directory)/\(name)"
                texts[String(path.dropFirst("P.x/".count))] = String(decoding: bytes, as: UTF8.self)
            }
        }
        return texts
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func editsDoWhatTheyDoToFiles(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var (value, files): (PropertyValue?, Files) = (nil, Files())
        var numbers = ElementNumbers()
        for step in 0..<60 {
            let removed = files.texts.keys.sorted().randomElement(using: &random)
            if let removed, Int.random(in: 0..<3, using: &random) == 0 {
                let path = ["P.x"] + removed.split(separator: "/").map(String.init)
                let isElement = files.form == .list
                files.remove(removed)
                value = applied(try PropertyEdit(nil, at: path, of: value, numbers: numbers))
                if isElement { numbers.remove(removed) }
            } else {
                let depth = [0, 1, 1, 1, 1, 2, 2].randomElement(using: &random) ?? 0
                // A text of its own is the end of a list or map: rarely, so that these grow.
                let path = (0..<(depth == 0 && step % 5 > 0 ? 1 : depth)).map { _ in
                    ["0", "1", "2", "3", "k", "a key", "01"].randomElement(using: &random) ?? ""
                }
                let text = ["", "one", "two\nlines", "é"].randomElement(using: &random) ?? ""
                let edit = try? PropertyEdit(.text(text), at: ["P.x"] + path, of: value, numbers: numbers)
                #expect(
                    (edit != nil) == files.write(text, at: path),
                    "\(path) of \(String(describing: value)), seed \(seed)"
                )
                if let edit {
                    value = applied(edit)
                    if let first = path.first { numbers.set(first) }
                }
            }
            if value == nil || files.form == .text { numbers = ElementNumbers() }
            let wanted = files.texts.mapValues { $0.isEmpty ? "" : $0 + "\n" }
            #expect(texts(of: value, numbers) == wanted, "seed \(seed), step \(step)")
        }
    }

    private func applied(_ edit: PropertyEdit) -> PropertyValue? {
        if case .set(let value) = edit { value } else { nil }
    }

    @Test func referencesOfOneKindMakeAList() throws {
        let (sample, run) = (EntityReference(.sample, "17"), EntityReference(.run, "3"))
        #expect(try PropertyEdit(.reference(sample), at: ["A.b"], of: nil) == .set(.reference(sample)))
        let list = PropertyValue.references(.sample, [sample])
        #expect(try PropertyEdit(.reference(sample), at: ["A.b", "0"], of: nil) == .set(list))
        #expect(throws: BaseSpaceError.self) { try PropertyEdit(.reference(run), at: ["A.b", "1"], of: list) }
        #expect(throws: BaseSpaceError.self) { try PropertyEdit(.text("x"), at: ["A.b", "1"], of: list) }
        #expect(throws: BaseSpaceError.self) { try PropertyEdit(.reference(sample), at: ["A.b", "0", "k"], of: nil) }
        #expect(try PropertyEdit(nil, at: ["A.b", "0"], of: list) == .delete)
    }
}
