import Testing

@testable import BaseSpaceSimulator

@Suite struct ServiceDateTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.0000000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_532_044_210, "2018-07-19T23:50:10.0000000Z", "Thu, 19 Jul 2018 23:50:10 GMT"),
        (951_782_400, "2000-02-29T00:00:00.0000000Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
        (-1, "1969-12-31T23:59:59.0000000Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func datesAreWrittenAsTheServiceWritesThem(seconds: Int64, iso: String, http: String) {
        #expect(ServiceDate(seconds: seconds).iso8601 == iso)
        #expect(ServiceDate(seconds: seconds).http == http)
    }

    @Test func fractionsHaveSevenDigits() {
        let date = ServiceDate(seconds: 1_748_419_257, nanoseconds: 389_380_099)
        #expect(date.iso8601 == "2025-05-28T08:00:57.3893800Z")
        #expect(date.wholeSeconds.iso8601 == "2025-05-28T08:00:57.0000000Z")
        #expect(ServiceDate.none.iso8601 == "0001-01-01T00:00:00.0000000Z")
        #expect(ServiceDate(seconds: 1_532_396_345).sessionNameSuffix == "07/24/2018 1:39:05")
    }
}

@Suite struct JSONTests {
    @Test func whatIsWrittenIsReadAgain() {
        let value: JSON = [
            "text": "ä\"\\\n\u{1}", "number": .integer(11_761_995_733), "yes": true, "none": .null,
            "list": ["a", [:], []],
        ]
        #expect(JSON(parsing: value.encoded)?.encoded.count == value.encoded.count)
        #expect(JSON(parsing: value.encoded)?["TEXT"] == "ä\"\\\n\u{1}")
        #expect(JSON(parsing: value.encoded)?["number"] == .integer(11_761_995_733))
        #expect(JSON(parsing: Array("{".utf8)) == nil)
    }
}

@Suite struct PercentEncodingTests {
    @Test func namesSurviveTheWayIntoAURLAndBack() {
        let name = "a b+c%2F/ä'#?&=~.txt"
        #expect(PercentEncoding.decode(PercentEncoding.encode(name)) == name)
        #expect(PercentEncoding.encode("a/b c+", keepingSlashes: true) == "a/b%20c%2B")
        #expect(PercentEncoding.decode("100%") == "100%")
        #expect(PercentEncoding.decode("a+b", plusIsSpace: true) == "a b")
    }
}
