import FoundationEssentials
import HTTPTransport
import TestSupport
import Testing

@testable import BaseSpaceAPI

/// The quick reader of lists of files against `JSONDecoder`, which knows all of JSON.
@Suite struct FilePageReaderTests {
    private func decoded(_ text: String) -> Page<RemoteFile>? {
        (try? JSONDecoder().decode(Reply<Page<RemoteFile>>.self, from: Data(text.utf8)))?.value
    }

    private func read(_ text: String) -> (counts: PageCounts?, items: [RemoteFile]) {
        var items: [RemoteFile] = []
        let counts = FilePageReader.read(Array(text.utf8)) { items.append(copy $0) }
        return (counts, items)
    }

    private func expectSame(_ text: String, _ comment: Comment? = nil) {
        let (counts, items) = read(text)
        let reference = decoded(text)
        if let counts {
            #expect(items == reference?.items && counts == reference?.counts, comment)
        } else if let reference {
            // What was handed over is what the decoder begins with.
            #expect(items == Array(reference.items.prefix(items.count)), comment)
        }
    }

    private static let usual = """
        {"Response":{"Items":[{"Id":"11000000001","Href":"v1pre3/files/11000000001","HrefContent":"https://b.example/x?S=1",
        "Name":"a.vcf.gz","ContentType":"application/x-gzip","Size":1048576,"Path":"calls/a.vcf.gz","IsArchived":false,
        "DateCreated":"2024-02-03T10:11:12.0000000Z","DateModified":"2024-02-03T10:11:13.1000000Z",
        "ETag":"0123456789abcdef0123456789abcdef","IdAsLong":11000000001,"Properties":{"Items":[{"Name":"x"}],"TotalCount":9}},
        {"Id":"2","Name":"","Path":"é/b","ETag":"\\u0022q\\u0022"}],
        "DisplayedCount":2,"TotalCount":2,"Offset":0,"Limit":1000,"SortDir":"Asc","SortBy":"Id"},
        "ResponseStatus":{},"Notifications":[]}
        """

    @Test func aUsualPageIsReadInOnePass() throws {
        // Without the escapes, which are left to the decoder.
        let text = Self.usual.replacing("\\u0022", with: "")
        let (counts, items) = read(text)
        #expect(items.map(\.path) == ["calls/a.vcf.gz", "é/b"])
        #expect(items[0].contentURL?.url.host == "b.example")
        #expect(counts == PageCounts(items: 2, total: 2, limit: 1000))
        expectSame(text)
    }

    @Test func aPageOfV2HasItsCountsInPaging() throws {
        let text = #"{"Items":[{"Id":"1","Path":"a"}],"Paging":{"DisplayedCount":1,"TotalCount":7,"Limit":50}}"#
        #expect(read(text).counts == PageCounts(items: 1, total: 7, limit: 50))
        expectSame(text)
    }

    /// A file has its own type, date and directory, and its own keys, whatever the one before it has.
    @Test func whatNeighboursHaveInCommonIsNotTakenForMore() {
        let items = [
            #"{"Id":"1","Name":"a","Path":"d/a","ContentType":"t","DateCreated":"2024-02-03T10:11:12Z","Size":1}"#,
            #"{"Id":"2","Name":"b","Path":"d/b","ContentType":"t","DateCreated":"2024-02-03T10:11:12Z","Size":2}"#,
            #"{"Id":"3","Path":"d/e/c","Name":"c","ContentType":"u","DateCreated":"2024-02-03T10:11:13Z"}"#,
            #"{"Size":4,"Id":"4","Name":"d","Path":"d","ETag":"0123456789abcdef0123456789abcdef"}"#,
            #"{"Id":"5"}"#,
            #"{"Id":"6","Name":"n","Path":"/d/f","Other":[{"Path":"x"}],"ETag":"0123456789abcdef0123456789abcdef-2"}"#,
            #"{"Id":"7","Name":"","Path":"d/","DateCreated":"2024-02-03T10:11:12Z","ETag":"x"}"#,
        ]
        for items in [items, items.reversed(), items + items] {
            let text = #"{"Items":[\#(items.joined(separator: ","))]}"#
            #expect(read(text).counts?.items == items.count)
            expectSame(text)
        }
    }

    @Test(arguments: [
        Self.usual,
        #"{"Items":[{"Id":12,"Path":"a"}]}"#,
        #"{"Items":[{"Path":"a"}]}"#,
        #"{"Items":[{"Id":"1","Size":"12"}]}"#,
        #"{"Items":[{"Id":"1","Size":null}]}"#,
        #"{"Items":[{"Id":"1","Size":-1}]}"#,
        #"{"Items":[{"Id":"1","Size":1.5}]}"#,
        #"{"Items":[{"Id":"1","Size":1234567890123456789012}]}"#,
        #"{"Items":[{"Id":"1"}]"#,
        #"{"Items":[{"Id":"1"}]} trailing"#,
        #"{"Items":{}}"#,
        #"{"Items":[{"Id":"../x","Path":"a"}]}"#,
        "",
        "null",
        String(repeating: "[", count: 100_000),
    ])
    func whatIsUnusualIsLeftToTheDecoder(text: String) {
        #expect(read(text).counts == nil)
        expectSame(text)
    }

    /// Shown with a size of 0 such a file would be copied as an empty one.
    @Test(arguments: ["null", "-1", "1e30", "\"many\"", "1.5"]) func aSizeThatIsNoneIsNoFile(size: String) {
        let text = #"{"Id":"1","Path":"a","Size":SIZE}"#.replacing("SIZE", with: size)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(RemoteFile.self, from: Data(text.utf8)) }
    }

    /// Texts are looked through eight bytes at a time: each byte that ends one, or is left to the decoder, in each place.
    @Test(arguments: 0..<20)
    func aTextEndsWhereItEnds(length: Int) throws {
        for byte in UInt8.min...UInt8.max {
            for place in 0...length {
                var text = Array(repeating: UInt8(ascii: "a"), count: length)
                text.insert(byte, at: place)
                let document = Array("\"".utf8) + text + Array("\",12345678901234567890".utf8)
                let expected: [UInt8]? =
                    switch byte {
                    case UInt8(ascii: "\""): Array(text[..<place])
                    case UInt8(ascii: "\\"), 0..<0x20: nil
                    default: text
                    }
                let read = document.withUnsafeBufferPointer { bytes in
                    var scanner = JSONScanner(bytes)
                    return (try? scanner.text()).map { Array($0) }
                }
                #expect(read == expected, "byte \(byte) at \(place) of \(length)")
            }
        }
    }

    @Test(arguments: 1..<20)
    func aTextWithoutAnEndIsNone(length: Int) {
        let read = Array("\"\(String(repeating: "a", count: length))".utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return (try? scanner.text()).map { Array($0) }
        }
        #expect(read == nil)
    }

    @Test(arguments: 0..<60)
    func bothReadTheSame(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        // A byte is changed, left out or doubled: whatever the quick reader still reads, the decoder reads the same.
        var bytes = Array(Self.usual.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let index = bytes.indices.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[index] = Array("{}[],:\"0 n\\".utf8).randomElement(using: &random) ?? 0
            case 1: bytes.remove(at: index)
            default: bytes.insert(bytes[index], at: index)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        expectSame(text, "seed \(seed)")
    }
}
