import Testing

@testable import Uploads

@Suite struct ContentETagTests {
    private static let digest = "d41d8cd98f00b204e9800998ecf8427e"

    @Test(
        arguments: [
            (digest, .md5(digest)),
            ("\"\(digest.uppercased())\"", .md5(digest)),
            ("\(digest)-6", .multipart(digest, parts: 6)),
            ("\"\(digest)-10000\"", .multipart(digest, parts: 10_000)),
            ("\(digest)-0", .opaque),
            ("\(digest)-x", .opaque),
            ("\(digest)-1-2", .opaque),
            ("\(digest)0", .opaque),
            ("z41d8cd98f00b204e9800998ecf8427e", .opaque),
            ("", .opaque),
        ] as [(String, ContentETag)]
    )
    func tellsTheFormsApart(text: String, expected: ContentETag) {
        #expect(ContentETag(text) == expected)
    }
}
