import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceAPI

@Suite("Editing profiles")
struct ProfileTextTests {
    private func set(_ key: String = "accessToken", to value: String = "new", in text: String) -> String {
        String(decoding: ProfileText(Array(text.utf8)).setting(key, to: value), as: UTF8.self)
    }

    private func remove(from text: String) -> String {
        String(decoding: ProfileText(Array(text.utf8)).removing("accessToken"), as: UTF8.self)
    }

    @Test(
        "A value is put in the place of the old one, and what is around it stays",
        arguments: [
            ("accessToken = old\n", "accessToken = new\n"),
            ("[DEFAULT]\r\nACCESSTOKEN=old\r\n", "[DEFAULT]\r\nACCESSTOKEN=new\r\n"),
            ("[DEFAULT]\naccessToken = \"old\" ; mine", "[DEFAULT]\naccessToken = \"new\" ; mine"),
            ("  accessToken :\told  # mine\n", "  accessToken :\tnew  # mine\n"), ("accessToken =", "accessToken =new"),
            ("accessToken = # none\n", "accessToken = new # none\n"), ("accessToken = ''\n", "accessToken = 'new'\n"),
            ("accessToken = \"old\n", "accessToken = new\n"), ("\u{FEFF}accessToken=old", "\u{FEFF}accessToken=new"),
            (
                "[BSFS]\naccessToken = other\n[DEFAULT]\naccessToken = old\n",
                "[BSFS]\naccessToken = other\n[DEFAULT]\naccessToken = new\n"
            ),
            // Of several the last one counts; what the others hold is a secret too.
            ("accessToken = old\napiServer = s\naccessToken = older # 2\n", "apiServer = s\naccessToken = new # 2\n"),
        ]
    )
    func replaced(before: String, after: String) {
        #expect(set(in: before) == after)
    }

    @Test(
        "A key that is missing comes to the end of its section, with that file's line ends",
        arguments: [
            ("", "[DEFAULT]\naccessToken = new\n"), ("[DEFAULT]\n", "[DEFAULT]\naccessToken = new\n"),
            ("[DEFAULT]\r\napiServer = s", "[DEFAULT]\r\napiServer = s\r\naccessToken = new\r\n"),
            (
                "[DEFAULT]\napiServer = s\n\n# of BaseMount\n[BSFS]\na = b\n",
                "[DEFAULT]\napiServer = s\naccessToken = new\n\n# of BaseMount\n[BSFS]\na = b\n"
            ),
            ("# note\n", "# note\n\n[DEFAULT]\naccessToken = new\n"),
            ("[BSFS]\na = b", "[BSFS]\na = b\n\n[DEFAULT]\naccessToken = new\n"),
            ("x = y\n[BSFS]\n", "x = y\naccessToken = new\n[BSFS]\n"),
        ]
    )
    func added(before: String, after: String) {
        #expect(set(in: before) == after)
    }

    @Test(
        "A key that is removed leaves the comment behind it and nothing else",
        arguments: [
            (
                "[DEFAULT]\napiServer = s\naccessToken = old\n[BSFS]\naccessToken = other\n",
                "[DEFAULT]\napiServer = s\n[BSFS]\naccessToken = other\n"
            ),
            ("accessToken = old # mine\naccessToken = \"older\"", "# mine\n"), ("apiServer = s\n", "apiServer = s\n"),
        ]
    )
    func removed(before: String, after: String) {
        #expect(remove(from: before) == after)
    }

    @Test("Whatever a profile looks like, it is the same but for the one key", arguments: 0..<400)
    func anyText(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let before = Self.text(&random)
        let old = ProfileText(before)
        let profile = try Profile(old, path: "p")
        let note = Comment(rawValue: "seed \(seed): \(String(reflecting: String(decoding: before, as: UTF8.self)))")

        let key = ["accessToken", "apiServer"][Int(random.next() % 2)]
        let new = ProfileText(old.setting(key, to: "fresh-0123"))
        var wanted = profile
        if key == "accessToken" { wanted.token = "fresh-0123" } else { wanted.server = "fresh-0123" }
        #expect(try Profile(new, path: "p") == wanted, note)
        if old.entries.contains(where: { $0.entry.key == key.lowercased() }) {
            #expect(Self.rest(old, without: key) == Self.rest(new, without: key), note)
        } else {
            // One piece is put in somewhere.
            let start = zip(before, new.bytes).prefix { $0 == $1 }.count
            let end = zip(before.reversed(), new.bytes.reversed()).prefix { $0 == $1 }.count
            #expect(start + end >= before.count && new.bytes.count > before.count, note)
        }
        #expect(new.setting(key, to: "fresh-0123") == new.bytes, note)

        let removed = ProfileText(new.removing(key))
        if key == "accessToken" { wanted.token = nil } else { wanted.server = nil }
        #expect(try Profile(removed, path: "p") == wanted, note)
        #expect(!String(decoding: removed.bytes, as: UTF8.self).contains("fresh-0123"), note)
        #expect(Self.rest(new, without: key) == Self.rest(removed, without: key), note)
        // What is not there can't be removed.
        #expect(removed.removing(key) == removed.bytes, note)
    }

    /// All bytes but those of the key's lines; of these the comment, which stays.
    private static func rest(_ text: ProfileText, without key: String) -> [UInt8] {
        text.lines.flatMap { line -> [UInt8] in
            guard line.isOwn, case .entry(let entry) = line.content, entry.key == key.lowercased() else {
                return Array(text.bytes[line.range])
            }
            return entry.comment.map { Array(text.bytes[$0.lowerBound..<line.range.upperBound]) } ?? []
        }
    }

    private static func text(_ random: inout SeededGenerator) -> [UInt8] {
        func one<Element>(_ choices: [Element], _ random: inout SeededGenerator) -> Element {
            choices[Int(random.next() % UInt64(choices.count))]
        }
        let blanks = ["", "", " ", "\t", "   "]
        var bytes: [UInt8] = random.next() % 8 == 0 ? [0xEF, 0xBB, 0xBF] : []
        let ends = one([["\n"], ["\r\n"], ["\n", "\r\n", "\r"]], &random)
        let count = Int(random.next() % 9)
        for index in 0..<count {
            switch random.next() % 8 {
            case 0: bytes += Array(one(["", " ", "\t"], &random).utf8)
            case 1: bytes += Array(one(["# accessToken = x", "; [DEFAULT]", " # ünïcode", "#"], &random).utf8)
            // What is no UTF-8 stays what it is.
            case 2: bytes += [UInt8(ascii: "#"), 0xFF, 0xC3, 0x28]
            case 3: bytes += Array(one(["[DEFAULT]", "[ default ]", "[BSFS]", "[X] # y", "[DEFAULT]"], &random).utf8)
            default:
                let key = one(
                    ["accessToken", "ACCESSTOKEN", "accesstoken", "apiServer", "scopes", "clientId", "clientSecret"],
                    &random
                )
                let value = one(
                    ["", "a1b2", "\"a1\"", "'a1'", "\"a1", "a b", "https://api.example/x", "''", "a#b", "=="],
                    &random
                )
                let comment = one(["", "", " # mine", "\t; old", " #"], &random)
                let separator = one(blanks, &random) + one(["=", ":"], &random) + one(blanks, &random)
                bytes += Array((one(blanks, &random) + key + separator + value + comment).utf8)
            }
            if index < count - 1 || random.next() % 2 == 0 { bytes += Array(one(ends, &random).utf8) }
        }
        return bytes
    }

    @Test("Values that mean something else to some reader are not written")
    func unwritable() {
        for value in ["", "a b", "a#b", "a;b", "\"a", "a%b", "a$b", "a\\", "[a", "=a", "é", "a\nb"] {
            #expect(!ProfileText.canHold(value), "\(value)")
        }
        for value in ["0123456789abcdef", "eyJh.bGc-i_J~+/==", "https://[::1]:8080/x"] {
            #expect(ProfileText.canHold(value), "\(value)")
        }
    }
}
