import BaseSpaceAPI
import Foundation
import HTTPTransport
import Testing

struct TimestampTests {
    @Test(arguments: [
        ("2018-07-19T23:50:10.0000000Z", 1_532_044_210, 0), ("2018-07-19T23:50:10.0000000", 1_532_044_210, 0),
        ("2018-07-19T23:50:10Z", 1_532_044_210, 0), ("2018-07-19T23:50:10", 1_532_044_210, 0),
        ("2025-05-28T08:00:47.6095590Z", 1_748_419_247, 609_559_000), ("1970-01-01T00:00:00.5Z", 0, 500_000_000),
        ("1969-12-31T23:59:59.25Z", -1, 250_000_000), ("2000-02-29T12:00:00+02:00", 951_818_400, 0),
        ("2000-02-29T12:00:00.1234567891-0130", 951_831_000 - 0, 123_456_789),
    ])
    func readsDates(_ text: String, _ seconds: Int64, _ nanoseconds: Int32) {
        #expect(Timestamp(iso8601: text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "2018", "2018-07-19", "2018-13-01T00:00:00Z", "2018-07-19T24:00:00Z", "x018-07-19T23:50:10Z",
        "2018-07-19T23:50:10Zx", "2018-07-19T23:50:10+", "2018-07-19T23:50",
    ])
    func refusesWhatIsNoDate(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func writesDatesAsTheServiceDoes() {
        #expect(Timestamp(seconds: 1_532_044_210).description == "2018-07-19T23:50:10Z")
        #expect(Timestamp(seconds: -1, nanoseconds: 250_000_000).description == "1969-12-31T23:59:59.2500000Z")
    }
}

struct ModelTests {
    @Test func idsAreStringsOrNumbersAndOrderByNumber() throws {
        #expect(try decode(#"["7", 11761995733]"#) == [EntityID("7"), "11761995733"])
        let sorted: [EntityID] = ["0", "7", "007", "10", "11761995733", "99999999999999999999999", "", "abc", "ds.1"]
        #expect(
            sorted.shuffled().sorted() == [
                "0", "007", "7", "10", "11761995733", "99999999999999999999999", "", "abc", "ds.1",
            ]
        )
        #expect(String(decoding: try JSONEncoder().encode([EntityID("1")]), as: UTF8.self) == #"["1"]"#)
    }

    @Test func whatIsMissingIsNil() throws {
        #expect(try decode(#"{"Id":"1"}"#) == Project(id: "1", name: "1"))
        #expect(try decode(#"{"Id":1,"Name":"n","Description":"","TotalSize":null}"#) == Project(id: "1", name: "n"))
        #expect(
            try decode(#"{"Id":"1","Path":"a/b.txt"}"#) == RemoteFile(id: "1", name: "b.txt", path: "a/b.txt", size: 0)
        )
        #expect(try decode(#"{"Id":"1","Name":"b"}"#, as: RemoteFile.self).path == "b")
        #expect(throws: DecodingError.self) { try decode(#"{"Name":"n"}"#, as: Project.self) }
        #expect(throws: DecodingError.self) { try decode(#"{"Id":"1","Name":"n"}"#, as: AppSession.self) }
    }

    @Test func theFirstOfJanuaryOfYearOneIsNoDate() throws {
        let json =
            #"{"Id":"1","Name":"n","DateCreated":"0001-01-01T00:00:00.0000000Z","DateModified":"0001-01-01T00:00:00"}"#
        let project: Project = try decode(json)
        #expect(project.created == nil && project.modified == nil)
    }

    @Test func sessionsOfBothVersions() throws {
        let v1: AppSession = try decode(
            #"{"Id":"1","Name":"a/b","Status":"running","ModifiedOn":"1970-01-01T00:00:01Z"}"#
        )
        let v2: AppSession = try decode(
            #"{"Id":"1","Name":"a/b","ExecutionStatus":"Running","DateModified":"1970-01-01T00:00:01.0000000Z"}"#
        )
        #expect(v1 == v2 && v1.status == .running && v1.modified == Timestamp(seconds: 1))
    }

    @Test func filesKnowWhereTheirBytesAre() throws {
        func file(_ link: String) throws -> RemoteFile {
            try decode(#"{"Id":"1","Name":"n","ETag":"\"abc-2\"","UploadStatus":"Complete","HrefContent":"\#(link)"}"#)
        }
        #expect(try file("v1pre3/files/1/content").contentURL == nil)
        #expect(try file("https://api.example/v2/files/1/content").contentURL == nil)
        #expect(try file("http://elsewhere.example/x?Signature=s").contentURL == nil)
        #expect(try file("ftp://bucket.example/x?Signature=s").contentURL == nil)
        let signed = try file("https://bucket.example/x?Signature=SECRET")
        #expect(signed.contentURL?.url.string == "https://bucket.example/x?Signature=SECRET")
        #expect(signed.etag == "abc-2" && signed.uploadStatus == .complete)
        var dumped = ""
        dump(signed, to: &dumped)
        #expect(!"\(signed)".contains("SECRET") && !dumped.contains("SECRET"))
    }

    @Test func statusesAndWordsForThem() {
        #expect(SessionStatus(rawValue: "complete") == .complete && SessionStatus(rawValue: "New").rawValue == "New")
        #expect(SessionStatus(command: "COMPLETE") == .complete)
        #expect(SessionStatus(command: "needs-attention") == .needsAttention)
        #expect(SessionStatus(command: "PendingExecution") == nil && SessionStatus(command: "") == nil)
        let workable: [SessionStatus] = [.running, .needsAttention, .timedOut]
        let all = workable + [.complete, .aborted, .awaitingAuthorization, .pendingExecution, .aborting]
        #expect(all.filter(\.acceptsWork) == workable && all.filter(\.isFinal) == [.complete, .aborted])
    }

    @Test func tokensShowNothing() throws {
        let token = try AccessToken("SECRET")
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(reflecting: token), dumped, "\([token])"] {
            #expect(!text.contains("SECRET"))
        }
        #expect(token.withSecret { $0 } == "SECRET")
        for text in ["", "a b", "SECRET\n", "a\r\nX: y", "ü", String(repeating: "SECRET", count: 2000)] {
            #expect { try AccessToken(text) } throws: { !"\($0)".contains("SECRET") }
        }
    }
}
