import TestSupport
import Testing

@testable import BaseSpaceAPI

/// What a file's record packs: it comes back as it was.
@Suite struct RemoteFileTests {
    /// Whatever the service calls its objects, `If-Match` sends it back as it was.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func anETagComesBackAsItWas(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let digits = ["0", "1", "9", "a", "f", "A", "-", "+", "g", "é", "00"]
        for _ in 0..<300 {
            let length = [0, 1, 16, 31, 32, 33, 40].randomElement(using: &random) ?? 0
            let alphabet = Bool.random(using: &random) ? digits.prefix(5) : digits[...]
            let head = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
            let tails = ["", "-1", "-65535", "-65536", "-0", "-01", "-+1", "-", "--1", "-1-1", "-x"]
            let text = head + (tails.randomElement(using: &random) ?? "")
            #expect(CompactETag(text).text == text, "seed \(seed)")
        }
    }

    @Test func theETagsOfTheServiceTakeNoRoom() {
        for text in ["d41d8cd98f00b204e9800998ecf8427e", "00000000000000000000000000000001-12"] {
            guard case .digest = CompactETag(text) else {
                Issue.record("\(text) is kept as text")
                continue
            }
        }
        #expect(MemoryLayout<CompactETag>.size <= 24)
    }

    @Test(arguments: ["", "a", "a/b", "a/b/c", "/a", "a/", "/", "//", "a//b", "é/e\u{301}", "../x"])
    func aPathComesBackAsItWas(path: String) {
        #expect(Array(RemotePath(path).text.utf8) == Array(path.utf8))
        var file = RemoteFile(id: "1", name: "n", path: path, size: 0)
        #expect(Array(file.path.utf8) == Array(path.utf8))
        file.path = "x/" + path
        #expect(Array(file.path.utf8) == Array("x/\(path)".utf8))
    }
}
