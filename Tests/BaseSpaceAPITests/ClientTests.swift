import BaseSpaceAPI
import Foundation
import HTTPTransport
import Synchronization
import TestSupport
import Testing

struct ClientTests {
    private static let session = #"{"Id":"5","Name":"s","Status":"Complete","StatusSummary":"done"}"#
    private static let file = #"{"Id":"7","Name":"a.txt","Path":"d/a.txt","Size":3,"UploadStatus":"complete"}"#

    // MARK: The token

    @Test func theTokenGoesToTheAPIOnly() async throws {
        let other = try ScriptedServer { _ in [.reply(200, "{}")] }
        defer { other.stop() }
        try await withService(script: { _ in [.reply(200, "{}")] }) { client, server in
            _ = try await client.reply(to: "v1pre3/users/current")
            _ = try await client.reply(to: "/v1pre3/users/current")
            _ = try await client.reply(to: server.url + "/v2/users/current?x=1")
            _ = try await client.reply(to: other.url + "/v2/users/current")
            #expect(
                server.requests.map(\.target) == [
                    "/v1pre3/users/current", "/v1pre3/users/current", "/v2/users/current?x=1",
                ]
            )
            #expect(server.requests.allSatisfy { $0.headers["x-access-token"] == secret })
        }
        let request = try #require(other.requests.first)
        #expect(request.headers["x-access-token"] == nil && !request.headers.values.contains { $0.contains(secret) })
    }

    @Test func theTokenIsInNoLog() async throws {
        let lines = LogLines()
        try await withService(logger: lines.logger, script: { _ in v1Error(401, "X", "token \(secret)?") }) {
            client,
            _ in
            _ = try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
        }
        #expect(lines.text.contains("401") && !lines.text.contains(secret))
    }

    // MARK: Reading

    @Test func idsAreEncodedInPaths() async throws {
        try await withService(script: { _ in v1(#"{"Id":"x"}"#) }) { client, server in
            _ = try await client.appResult("../users/1?x=y")
            #expect(server.requests[0].target == "/v1pre3/appresults/..%2Fusers%2F1%3Fx%3Dy")
        }
    }

    @Test func listingsBringSignedURLsWithThem() async throws {
        try await withService(script: { request in
            let host = request.headers["host"] ?? ""
            let items = [
                #"{"Id":"1","Name":"a","HrefContent":"https://bucket.example/a?Signature=s"}"#,
                #"{"Id":"2","Name":"b","HrefContent":"http://\#(host)/v1pre3/files/2/content?x=y"}"#,
            ]
            return v1(#"{"Items":[\#(items.joined(separator: ","))],"TotalCount":2}"#)
        }) { client, server in
            let files = try await client.files(of: .sample("3"))
            #expect(files.map { $0.contentURL?.url.host } == ["bucket.example", nil])
            _ = try await client.files(of: .run("4"), resolvingContent: false)
            #expect(server.requests.map(\.path) == ["/v1pre3/samples/3/files", "/v1pre3/runs/4/files"])
            #expect(server.requests.map { $0.parameter("FileHrefContentResolution") } == ["true", nil])
        }
    }

    @Test func contentIsAskedForWithoutARedirect() async throws {
        let reply = #"{"Expires":"2025-05-28T08:00:47Z","HrefContent":"https://bucket.example/a?Signature=SECRET"}"#
        try await withService(script: { _ in v1(reply) }) { client, server in
            let location = try await client.contentLocation(of: "9")
            #expect(location.url.string == "https://bucket.example/a?Signature=SECRET")
            #expect(location.expires == Timestamp(iso8601: "2025-05-28T08:00:47Z"))
            #expect(server.requests[0].target == "/v1pre3/files/9/content?redirect=meta")
            #expect(!"\(location)".contains("SECRET"))
        }
    }

    @Test func contentMustNotLeadToUnencryptedPlaces() async throws {
        let reply = #"{"Expires":"2025-05-28T08:00:47Z","HrefContent":"http://bucket.example/a?Signature=SECRET"}"#
        try await withService(script: { _ in v1(reply) }) { client, _ in
            let error = try await failure { () async throws(BaseSpaceError) in try await client.contentLocation(of: "9")
            }
            #expect(error.kind == .undecodable && !"\(error)".contains("SECRET"))
        }
    }

    // MARK: Making things

    @Test(arguments: [(201, true), (200, false)])
    func aProjectIsMadeOrFound(_ status: Int, _ created: Bool) async throws {
        try await withService(script: { _ in v1(#"{"Id":"1","Name":"a/ü"}"#, status: status) }) { client, server in
            let result = try await client.createProject(named: "a/ü")
            #expect(result.project.id == "1" && result.created == created)
            #expect(
                server.requests[0].path == "/v1pre3/projects" && server.requests[0].json["Name"] as? String == "a/ü"
            )
        }
    }

    @Test func anAppResultIsMade() async throws {
        let reply = #"{"Id":"2","Name":"r","Status":"Running","AppSession":{"Id":"5"}}"#
        try await withService(script: { _ in v1(reply, status: 201) }) { client, server in
            let result = try await client.createAppResult(
                named: "r",
                in: "1",
                description: "d",
                references: [.sample("3")],
                appSession: "5"
            )
            #expect(result.appSessionID == "5" && result.status == .running)
            let request = server.requests[0]
            #expect(request.method == "POST" && request.path == "/v1pre3/projects/1/appresults")
            #expect(request.headers["content-type"] == "application/json")
            #expect(request.json["HrefAppSession"] as? String == "v1pre3/appsessions/5")
            let references = request.json["References"] as? [[String: String]]
            #expect(references == [["Rel": "using", "Type": "Sample", "HrefContent": "v1pre3/samples/3"]])
            _ = try await client.createAppResult(named: "r", in: "1")
            #expect(server.requests[1].json.keys.sorted() == ["Name"])
        }
    }

    @Test func aCreationIsNotRepeatedWhenItMayHaveHappened() async throws {
        try await withService(script: { _ in [.reset] }) { client, server in
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.createAppResult(named: "r", in: "1")
            }
            #expect(error.kind == .transport(.connectionLost) && error.mayHaveReachedServer)
            #expect(server.requests.count == 1)
        }
        try await withService(script: { _ in [.reply(500)] }) { client, server in
            _ = try await failure { () async throws(BaseSpaceError) in try await client.createProject(named: "p") }
            #expect(server.requests.count == 1)
        }
    }

    // MARK: Sessions

    @Test func aStatusIsSet() async throws {
        try await withService(script: { _ in v1(Self.session) }) { client, server in
            #expect(try await client.appSession("5").status == .complete)
            let session = try await client.setStatus(of: "5", to: .needsAttention, summary: "look")
            #expect(session.statusSummary == "done")
            let request = server.requests[1]
            #expect(request.method == "POST" && request.path == "/v1pre3/appsessions/5")
            #expect(request.json as? [String: String] == ["status": "needsattention", "statussummary": "look"])
        }
    }

    @Test func aSummaryThatIsTooLongIsNotSent() async throws {
        try await withService(script: { _ in v1(Self.session) }) { client, server in
            let long = String(repeating: "x", count: 129)
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.setStatus(of: "5", to: nil, summary: long)
            }
            #expect(error.kind == .invalidRequest && server.requests.isEmpty)
            _ = try await client.setStatus(of: "5", to: nil, summary: String(long.dropLast()))
            #expect(server.requests[0].json.keys.sorted() == ["statussummary"])
        }
    }

    @Test func aStatusWhoseAnswerWasLostIsLookedAt() async throws {
        try await withService(script: { $0.method == "POST" ? [.reset] : v1(Self.session) }) { client, server in
            #expect(try await client.setStatus(of: "5", to: .complete).status == .complete)
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.setStatus(of: "5", to: .aborted)
            }
            #expect(error.kind == .transport(.connectionLost))
            #expect(server.requests.map(\.method) == ["POST", "GET", "POST", "GET"])
        }
    }

    // MARK: Uploads

    @Test func aFileInASingleRequest() async throws {
        try await withService(script: { _ in v1(Self.file, status: 201) }) { client, server in
            let file = try await client.uploadFile(
                named: "a+b.txt",
                directory: "d/e f",
                contentType: "text/plain",
                to: .appResult("2"),
                body: .bytes([1, 2, 3])
            )
            #expect(file.id == "7" && file.size == 3)
            let request = server.requests[0]
            #expect(request.target == "/v1pre3/appresults/2/files?name=a%2Bb.txt&directory=d%2Fe%20f")
            #expect(request.headers["content-type"] == "text/plain" && request.body == [1, 2, 3])
            _ = try await client.uploadFile(
                named: "empty",
                directory: "",
                contentType: "x/y",
                to: .sample("2"),
                body: .bytes([])
            )
            #expect(server.requests[1].target == "/v1pre3/samples/2/files?name=empty")
            #expect(server.requests[1].headers["content-length"] == "0")
        }
    }

    /// After 500, 502 and 504 the service may have the file; after 503 it has nothing.
    @Test(arguments: [(500, 1), (502, 1), (504, 1), (503, 2)])
    func aFileIsRepeatedOnlyIfItSurelyDidNotArrive(status: Int, requests: Int) async throws {
        let attempts = Mutex(0)
        try await withService(script: { _ in
            let attempt = attempts.withLock { count in
                count += 1
                return count
            }
            return attempt == 1 ? [.reply(status)] : v1(Self.file, status: 201)
        }) { client, server in
            do throws(BaseSpaceError) {
                _ = try await client.uploadFile(
                    named: "a",
                    directory: "",
                    contentType: "x/y",
                    to: .appResult("2"),
                    body: .bytes([1])
                )
            } catch {
                #expect(error.status == status)
            }
            #expect(server.requests.count == requests)
        }
    }

    @Test func aFileInParts() async throws {
        try await withService(script: { request in
            request.method == "PUT" ? v1(#"{"ETag":"\"abc\""}"#) : v1(Self.file)
        }) { client, server in
            _ = try await client.beginMultipartUpload(
                named: "a",
                directory: "",
                contentType: "x/y",
                to: .appResult("2")
            )
            #expect(try await client.uploadPart(3, of: "7", body: .bytes([1]), md5: "bWQ1") == "abc")
            #expect(try await client.completeMultipartUpload(of: "7").uploadStatus == .complete)
            try await client.abortMultipartUpload(of: "7")
            #expect(
                server.requests.map { "\($0.method) \($0.target)" } == [
                    "POST /v1pre3/appresults/2/files?name=a&multipart=true", "PUT /v1pre3/files/7/parts/3",
                    "POST /v1pre3/files/7?uploadstatus=complete", "POST /v1pre3/files/7?uploadstatus=aborted",
                ]
            )
            #expect(
                server.requests[1].headers["content-md5"] == "bWQ1"
                    && server.requests[0].headers["content-length"] == "0"
            )
        }
    }

    @Test func partsAreRepeated() async throws {
        let attempts = Mutex(0)
        try await withService(script: { _ in
            let attempt = attempts.withLock { count in
                count += 1
                return count
            }
            return attempt == 1 ? [.reset] : v1(#"{"ETag":"abc"}"#)
        }) { client, server in
            _ = try await client.uploadPart(1, of: "7", body: .bytes([1, 2]), md5: "m")
            #expect(server.requests.map(\.body) == [[1, 2], [1, 2]])
        }
    }

    @Test func completingTwiceIsCompletingOnce() async throws {
        try await withService(script: { request in
            request.method == "POST" ? v1Error(409, "X", "already") : v1(Self.file)
        }) { client, _ in
            let file = try await client.completeMultipartUpload(of: "7")
            #expect(file.id == "7")
        }
    }

    @Test func runsTakeNoUploads() async throws {
        try await withService(script: { _ in v1(Self.file) }) { client, server in
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.beginMultipartUpload(named: "a", directory: "", contentType: "x/y", to: .run("1"))
            }
            #expect(error.kind == .invalidRequest && server.requests.isEmpty)
        }
    }
}
