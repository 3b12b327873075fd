import BaseSpaceAPI
import Foundation
import HTTPTransport
import TestSupport
import Testing

struct EntityCallTests {
    private static let session = #"{"Id":"1","Name":"n","Status":"Running","ExecutionStatus":"Running"}"#

    /// A page of one item, in the shape of the version that was asked.
    private static func page(_ request: ScriptedServer.Request) -> [ScriptedServer.Step] {
        let counts = #""DisplayedCount":1,"TotalCount":1,"Offset":0,"Limit":1000"#
        return request.path.hasPrefix("/v2/")
            ? [.reply(200, #"{"Items":[\#(session)],"Paging":{\#(counts)}}"#)]
            : v1(#"{"Items":[\#(session)],\#(counts)}"#)
    }

    @Test func collections() async throws {
        try await withService(script: Self.page) { client, server in
            let runs = try await client.runs()
            #expect(runs.map(\.id) == ["1"])
            #expect(try await client.appSessions().map(\.status) == [.running])
            #expect(try await client.appResults(ofSession: "5").map(\.id) == ["1"])
            #expect(try await client.genomes().map(\.id) == ["1"])
            #expect(try await client.appSessions(ofProject: "5").map(\.status) == [.running])
            #expect(try await client.datasets(ofProject: "5").map(\.id) == ["1"])
            #expect(try await client.datasets(ofBioSample: "5").map(\.id) == ["1"])
            #expect(try await client.bioSamples().map(\.id) == ["1"])
            #expect(
                server.requests.map { "\($0.path) \($0.parameter("SortBy") ?? "")" } == [
                    "/v1pre3/users/current/runs Id", "/v1pre3/users/current/appsessions Id",
                    "/v1pre3/appsessions/5/appresults Id", "/v1pre3/genomes Id", "/v2/appsessions Id",
                    "/v2/projects/5/datasets DateCreated", "/v2/datasets DateCreated", "/v2/biosamples Id",
                ]
            )
            #expect(server.requests[4].parameter("output.projects") == "5")
            #expect(server.requests[6].parameter("inputbiosamples") == "5")
        }
    }

    @Test func samplesOfASessionAreItsOutput() async throws {
        let gone = #"{"Id":"j","Content":{"Href":"v1pre3/samples/4"}}"#
        let item = #"{"Id":"i","Content":{"Id":"3","Name":"S","SampleId":"S-3","Read1":151}}"#
        try await withService(script: { request in
            request.path.contains("/1/")
                ? v1(#"{"Type":"sample[]","Items":[\#(item),\#(gone)],"TotalCount":2}"#)
                : v1Error(404, request.path.contains("/2/") ? "BASESPACE.PROPERTIES.NOT_FOUND" : "X", "no")
        }) { client, server in
            let samples = try await client.samples(ofSession: "1")
            #expect(samples == [Sample(id: "3", name: "S", sheetID: "S-3", read1: 151)])
            #expect(server.requests[0].path == "/v1pre3/appsessions/1/properties/Output.Samples/items")
            #expect(try await client.samples(ofSession: "2").isEmpty)
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.samples(ofSession: "4")
            }
            #expect(error.status == 404)
        }
    }

    @Test func filesOfEveryContainer() async throws {
        try await withService(script: Self.page) { client, server in
            for container: FileContainer in [.run("1"), .dataset("ds.1"), .logs("2", session: "1")] {
                let files = try await client.files(of: container)
                #expect(files.map(\.id) == ["1"])
            }
            #expect(
                server.requests.map(\.path) == [
                    "/v1pre3/runs/1/files", "/v2/datasets/ds.1/files", "/v1pre3/appsessions/1/filesets/2/files",
                ]
            )
        }
    }

    @Test(arguments: [260, 300])
    func listsOfV2MayNotTellTheirTotal(_ total: Int) async throws {
        try await withService(script: { request in
            let offset = request.number("Offset")
            let limit = min(request.number("Limit"), 100)
            let items = (min(offset, total)..<min(offset + limit, total)).map { #"{"Id":"ds.\#($0)"}"# }
            let paging = #"{"DisplayedCount":\#(items.count),"Offset":\#(offset),"Limit":\#(limit)}"#
            return [.reply(200, #"{"Items":[\#(items.joined(separator: ","))],"Paging":\#(paging)}"#)]
        }) { client, server in
            let datasets = try await client.datasets(ofProject: "1")
            #expect(datasets.map(\.id) == (0..<total).map { EntityID("ds.\($0)") })
            #expect(server.requests.count == (total == 260 ? 3 : 4))
        }
    }

    @Test func singleOnes() async throws {
        try await withService(script: { request in
            request.path.hasPrefix("/v2/") ? [.reply(200, #"{"Id":"1"}"#)] : v1(#"{"Id":"1"}"#)
        }) { client, server in
            let project = try await client.project("1")
            #expect(project.id == "1")
            #expect(try await client.sample("1").id == "1")
            #expect(try await client.run("1").id == "1")
            #expect(try await client.dataset("1").id == "1")
            #expect(try await client.bioSample("1").id == "1")
            #expect(
                server.requests.map(\.target) == [
                    "/v1pre3/projects/1", "/v1pre3/samples/1", "/v1pre3/runs/1", "/v2/datasets/1", "/v2/biosamples/1",
                ]
            )
        }
    }

    @Test func repliesAsTheyAre() async throws {
        let reply = "{ \"Response\" : {\"Id\":\"1\",\n \"Ä\":1.50} }"
        try await withService(script: { $0.path.contains("/9") ? v1Error(410, "X", "gone") : [.reply(200, reply)] }) {
            client,
            server in
            #expect(try await client.entityJSON("v1pre3/projects/1") == Array(reply.utf8))
            #expect(try await client.entityJSON(server.url + "/v2/datasets/ds.1") == Array(reply.utf8))
            #expect(try await client.fileMetadataJSON("7") == Array(reply.utf8))
            #expect(
                server.requests.map(\.target) == ["/v1pre3/projects/1", "/v2/datasets/ds.1", "/v1pre3/files/7"]
            )
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.entityJSON("v1pre3/projects/9")
            }
            #expect(error.status == 410)
        }
    }

    // MARK: Launching and removing

    @Test func anAppIsLaunched() async throws {
        let payload = #"{"Name":"x","AutoStart":true,"Properties":[]}"#
        try await withService(script: { _ in v1(Self.session, status: 201) }) { client, server in
            let session = try await client.launch(applicationID: "7", payload: Array(payload.utf8))
            #expect(session.id == "1")
            let request = server.requests[0]
            #expect(request.method == "POST" && request.path == "/v1pre3/applications/7/appsessions")
            #expect(request.body == Array(payload.utf8) && request.headers["content-type"] == "application/json")
            for wrong in ["", "[]", "\"x\"", "{", "{} x"] {
                let error = try await failure { () async throws(BaseSpaceError) in
                    try await client.launch(applicationID: "7", payload: Array(wrong.utf8))
                }
                #expect(error.kind == .invalidRequest)
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test func aLaunchIsNotRepeatedWhenItMayHaveHappened() async throws {
        try await withService(script: { _ in [.reset] }) { client, server in
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.launch(applicationID: "7", payload: Array("{}".utf8))
            }
            #expect(error.mayHaveReachedServer && server.requests.count == 1)
        }
    }

    @Test func whatCanBeMovedToTheTrash() async throws {
        try await withService(script: { _ in v1("{}") }) { client, server in
            for kind in EntityKind.allCases {
                if [.file, .dataset, .bioSample, .genome].contains(kind) {
                    let error = try await failure { () async throws(BaseSpaceError) in
                        try await client.moveToTrash(kind, "1")
                    }
                    #expect(error.kind == .invalidRequest)
                } else {
                    try await client.moveToTrash(kind, "1")
                }
            }
            #expect(
                server.requests.map { "\($0.method) \($0.target)" } == [
                    "DELETE /v1pre3/projects/1", "DELETE /v1pre3/samples/1", "DELETE /v1pre3/appresults/1",
                    "DELETE /v1pre3/runs/1", "DELETE /v1pre3/appsessions/1",
                ]
            )
        }
    }

    @Test(arguments: [404, 410, 403, 200])
    func aRemovalWhoseAnswerWasLostIsLookedAt(_ status: Int) async throws {
        try await withService(script: { request in
            request.method == "DELETE" ? [.reset] : status == 200 ? v1("{}") : v1Error(status, "X", "no")
        }) { client, server in
            if status == 404 || status == 410 {
                try await client.moveToTrash(.project, "1")
            } else {
                let error = try await failure { () async throws(BaseSpaceError) in
                    try await client.moveToTrash(.project, "1")
                }
                #expect(error.kind == .transport(.connectionLost))
            }
            #expect(server.requests.map(\.method) == ["DELETE", "GET"])
        }
    }

    // MARK: The token

    @Test func theTokenIsDescribedAndRevoked() async throws {
        try await withService(script: { request in
            request.method == "DELETE" ? [.reply(200)] : v1(#"{"Scopes":["READ GLOBAL"],"AccessToken":"x"}"#)
        }) { client, server in
            #expect(try await client.currentTokenInfo().scopes == ["READ GLOBAL"])
            try await client.revokeToken()
            #expect(
                server.requests.map { "\($0.method) \($0.target)" } == [
                    "GET /v1pre3/oauthv2/token/current", "DELETE /v2/oauthv2tokens/current",
                ]
            )
            #expect(server.requests.allSatisfy { $0.headers["x-access-token"] == secret })
        }
    }
}
