import BaseSpaceAPI
import HTTPTransport
import TestSupport
import Testing

struct PagingTests {
    /// A page of projects with ids from 1 to `total`, as a service answers that allows pages of `largest`.
    private static func page(
        _ request: ScriptedServer.Request,
        total: Int,
        largest: Int = 1000,
        tellsTotal: Bool = true,
        tellsLimit: Bool = true
    ) -> [ScriptedServer.Step] {
        let offset = request.number("Offset")
        let limit = min(request.number("Limit"), largest)
        let items = (min(offset, total)..<min(offset + limit, total)).map { #"{"Id":"\#($0 + 1)","Name":"p"}"# }
        var fields = [#""Items":[\#(items.joined(separator: ","))]"#, #""DisplayedCount":\#(items.count)"#]
        if tellsTotal { fields.append(#""TotalCount":\#(total)"#) }
        if tellsLimit { fields.append(#""Limit":\#(limit)"#) }
        return v1("{\(fields.joined(separator: ","))}")
    }

    private func ids(_ count: Int) -> [EntityID] { (1...count).map { EntityID("\($0)") } }

    @Test(arguments: [1, 999, 1000, 1001, 3500])
    func allPagesArrive(_ total: Int) async throws {
        try await withService(script: { Self.page($0, total: total) }) { client, server in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(total))
            let requests = server.requests
            #expect(requests.count == (total + 999) / 1000)
            #expect(requests[0].path == "/v1pre3/users/current/projects" && requests[0].number("Limit") == 1000)
            #expect(requests.allSatisfy { $0.parameter("SortBy") == "Id" && $0.parameter("SortDir") == "Asc" })
            #expect(requests.map { $0.number("Offset") }.sorted() == (0..<requests.count).map { $0 * 1000 })
        }
    }

    @Test func anEmptyCollection() async throws {
        try await withService(script: { _ in v1(#"{"Items":[],"TotalCount":0,"Limit":1000}"#) }) { client, server in
            let projects = try await client.projects()
            #expect(projects.isEmpty)
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [true, false], [true, false])
    func pagesThatTheServiceCutsShorter(tellsTotal: Bool, tellsLimit: Bool) async throws {
        try await withService(
            script: { Self.page($0, total: 260, largest: 100, tellsTotal: tellsTotal, tellsLimit: tellsLimit) }
        ) { client, server in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(260))
        }
    }

    @Test(arguments: [260, 300])
    func withoutATotalAShortPageIsTheLast(_ total: Int) async throws {
        try await withService(script: { Self.page($0, total: total, largest: 100, tellsTotal: false) }) {
            client,
            server in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(total))
            #expect(server.requests.count == (total == 260 ? 3 : 4))
        }
    }

    @Test func itemsThatCameTwiceCountOnce() async throws {
        let script: @Sendable (ScriptedServer.Request) -> [ScriptedServer.Step] = { request in
            let ids = request.number("Offset") == 0 ? ["1", "2"] : ["2", "3"]
            let items = ids.map { #"{"Id":"\#($0)"}"# }.joined(separator: ",")
            return v1(#"{"Items":[\#(items)],"TotalCount":4}"#)
        }
        try await withService(script: script) { client, _ in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(3))
        }
    }

    @Test func aFailedPageFailsTheListing() async throws {
        try await withService(script: { request in
            request.number("Offset") == 2000 ? v1Error(403, "X.Y", "no") : Self.page(request, total: 5000)
        }) { client, _ in
            let error = try await failure { () async throws(BaseSpaceError) in try await client.projects() }
            #expect(error.status == 403 && error.message == "no")
        }
    }

    @Test func sixCallsAtATimeAtMost() async throws {
        let gate = SharedFlag()
        try await withService(
            connections: 30,
            script: { [.until { gate.isSet }] + Self.page($0, total: 1) }
        ) { client, server in
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask { _ = try await client.projects() }
                }
                try await eventually("six calls arrive") { server.requests.count == 6 }
                gate.set()
                try await group.waitForAll()
            }
            #expect(server.requests.count == 20 && server.peakOfConcurrentRequests == 6)
        }
    }

    @Test func metadataDoesNotWaitForUploads() async throws {
        let gate = SharedFlag()
        try await withService(
            connections: 30,
            script: { $0.method == "PUT" ? [.until { gate.isSet }] + v1(#"{"ETag":"e"}"#) : Self.page($0, total: 1) }
        ) { client, server in
            try await withThrowingTaskGroup { group in
                for number in 1...10 {
                    group.addTask { _ = try await client.uploadPart(number, of: "1", body: .bytes([1]), md5: "m") }
                }
                try await eventually("four parts arrive") { server.requests.count == 4 }
                _ = try await client.projects()
                #expect(server.requests.count == 5)
                gate.set()
                try await group.waitForAll()
            }
        }
    }

    @Test func aCallThatWaitsForItsTurnCanBeCancelled() async throws {
        try await withService(script: { _ in [.hang] }) { client, server in
            let running = (0..<6).map { _ in Task { try await client.projects() } }
            try await eventually("six calls arrive") { server.requests.count == 6 }
            let waiting = Task {
                try await failure { () async throws(BaseSpaceError) in try await client.projects() }
            }
            waiting.cancel()
            #expect(try await waiting.value.kind == .cancelled)
            for task in running {
                task.cancel()
                await #expect(throws: BaseSpaceError.self) { try await task.value }
            }
            #expect(server.requests.count == 6)
        }
    }
}
