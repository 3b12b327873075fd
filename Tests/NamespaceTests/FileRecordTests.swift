import BaseSpaceAPI
import TestSupport
import Testing

@testable import Namespace

@Suite struct FileRecordTests {
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

    @Test func aRecordTellsWhatTheListingSaid() {
        let file = RemoteFile(
            id: "11",
            name: "f",
            path: "d/f",
            size: 3,
            etag: "abc",
            created: Timestamp(seconds: 5)
        )
        let record = FileRecord(file, place: FilePlace(container: .sample("1"), path: "d/f"))
        #expect(record.etag == "abc" && record.size == 3 && record.modified == Timestamp(seconds: 5))
        let later = record.with(modified: Timestamp(seconds: 9))
        #expect(later.modified == Timestamp(seconds: 9) && later.etag == "abc" && later.id == "11")
    }
}
