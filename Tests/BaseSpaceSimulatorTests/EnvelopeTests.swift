import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct EnvelopeTests {
    @Test func successIsChunkedAndCarriesTheServicesHeaders() async throws {
        try await Fixture.run { fixture in
            let reply = await fixture.api("users/current")
            #expect(reply.status == 200)
            #expect(reply["Content-Type"] == "application/json")
            #expect(reply["Transfer-Encoding"] == "chunked")
            #expect(reply["Content-Length"] == nil)
            #expect(reply["Cache-Control"] == "no-cache, no-store, must-revalidate")
            #expect(reply["Pragma"] == "no-cache")
            #expect(reply["Expires"] == "0")
            #expect(reply["X-BaseSpace-Source"] == "master/readonly")
            #expect(reply["X-Content-Type-Options"] == "nosniff")
            #expect(reply["Server"]?.hasPrefix("Mono") == true)
            let id = try #require(reply["X-Request-ID"])
            #expect(id.split(separator: ".").count == 7)
            #expect(id.split(separator: ".").last?.count == 22)
        }
    }

    @Test func failureHasALengthAndNoResponse() async throws {
        try await Fixture.run { fixture in
            let reply = await fixture.api("files/1111111")
            #expect(reply.status == 403)
            #expect(reply["Content-Type"] == "application/json; charset=utf-8")
            #expect(reply["Content-Length"] == String(reply.body.count))
            #expect(reply["X-Request-ID"] != nil)
            #expect(reply.errorCode == "BASESPACE.COMMON.INSUFFICIENT_RESOURCE_PERMISSIONS")
            #expect(reply.object == nil)
            guard case .array(let notifications)? = reply.json?["Notifications"] else {
                Issue.record("no list of notifications")
                return
            }
            #expect(notifications.count == 1)
            #expect(notifications.first?["Type"] == "error")
            #expect(notifications.first?["Item"]?.text == reply.message)
        }
    }

    @Test func anUnknownPathIs404WithoutCodeAndNotifications() async throws {
        try await Fixture.run { fixture in
            for path in ["nonsense", "projects/1/nonsense"] {
                let reply = await fixture.api(path)
                #expect(reply.status == 404)
                #expect(reply.errorCode == nil)
                #expect(reply.json?["Notifications"] == [])
                #expect(reply["Cache-Control"] == "private")
                #expect(reply["Content-Type"] == "application/json")
                #expect(reply["Pragma"] == nil)
                #expect(reply["Expires"] == nil)
            }
            #expect(await RawHTTP.send("GET", "\(fixture.simulator.apiURL)/v2/v2/datasets").status == 404)
        }
    }

    @Test func unknownEntitiesAre404OrWhatIsConfigured() async throws {
        try await Fixture.run { fixture in
            for path in ["projects/1", "samples/1/files", "appresults/x", "appsessions/1"] {
                #expect(await fixture.api(path).status == 404)
            }
        }
        try await Fixture.run({ $0.unknownEntityStatus = 403 }) { fixture in
            #expect(await fixture.api("projects/1").status == 403)
        }
    }

    @Test func pathsMayEndWithASlashAndParameterNamesHaveAnyCase() async throws {
        try await Fixture.run { fixture in
            let reply = await fixture.api("users/current/projects/?LIMIT=1&offSet=1&sortby=name&SORTDIR=desc")
            #expect(reply.object?["Limit"] == 1)
            #expect(reply.object?["Offset"] == 1)
            #expect(reply.object?["SortBy"] == "Name")
            #expect(reply.object?["SortDir"] == "Desc")
            #expect(reply.items?.first?["Name"] == "Empty")
            #expect(await fixture.post("projects/", "name=P", type: "application/x-www-form-urlencoded").status == 201)
        }
    }

    @Test func pagesHaveDefaultsAndClamps() async throws {
        var files: [String: [UInt8]] = [:]
        for index in 0..<25 {
            files["projects/P\(index)/samples/S/f"] = [1]
        }
        try await Fixture.run(files: files) { fixture in
            let first = await fixture.api("users/current/projects")
            #expect(first.items?.count == 10)
            #expect(first.object?["TotalCount"] == 25)
            #expect(first.object?["DisplayedCount"] == 10)
            #expect(first.object?["Limit"] == 10)
            #expect(first.object?["SortBy"] == "Id")
            #expect(first.object?["SortDir"] == "Asc")
            let count = await fixture.api("users/current/projects?Limit=0")
            #expect(count.items == [])
            #expect(count.object?["TotalCount"] == 25)
            let clamped = await fixture.api("users/current/projects?Limit=5000&SortBy=Nonsense&Offset=20")
            #expect(clamped.object?["Limit"] == 1024)
            #expect(clamped.object?["SortBy"] == "Id")
            #expect(clamped.items?.count == 5)
            #expect(await fixture.api("users/current/projects?Offset=100").items == [])

            var ids: [Int64] = []
            for offset in stride(from: 0, to: 25, by: 7) {
                let page = await fixture.api("users/current/projects?Limit=7&Offset=\(offset)&SortBy=Id").items ?? []
                ids += page.compactMap { $0["Id"]?.text.flatMap { Int64($0) } }
            }
            #expect(ids.count == 25)
            #expect(ids == ids.sorted())
            #expect(Set(ids).count == 25)
        }
    }

    @Test func aWrongMethodIs405() async throws {
        try await Fixture.run { fixture in
            #expect(await fixture.api("DELETE", "users/current").status == 405)
            let head = await fixture.api("HEAD", "users/current")
            #expect(head.status == 405)
            #expect(head.body == [])
        }
    }
}

extension RawHTTP.Response {
    var message: String? { json?["ResponseStatus"]?["Message"]?.text }
}
