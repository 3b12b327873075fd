import HTTPTransport
import TestSupport
import Testing

/// What a client counts.
struct StatisticsTests {
    private func request(_ server: ScriptedServer, body: String? = nil) throws -> HTTPRequest {
        let url = try HTTPURL(server.url)
        guard let body else { return HTTPRequest(.get, url) }
        return HTTPRequest(.post, url, body: .bytes(Array(body.utf8)))
    }

    @Test func aNewClientHasDoneNothing() async throws {
        try await withClient { client in
            #expect(client.statistics == HTTPStatistics())
        }
    }

    @Test func requestsBytesAndConnectionsAreCounted() async throws {
        let server = try ScriptedServer { _ in [.reply(200, "12345")] }
        defer { server.stop() }
        try await withClient(connections: 1) { client in
            for _ in 0..<3 { _ = try await client.response(to: try request(server)) }
            _ = try await client.response(to: try request(server, body: "1234567"))
            let statistics = client.statistics
            #expect(statistics.requests == 4)
            #expect(statistics.receivedBytes == 20)
            #expect(statistics.sentBytes == 7)
            #expect(statistics.connections == 1)
            #expect(statistics.retries == 0)
            #expect(statistics.failures == [:])
            #expect(statistics.underWay == 0)
        }
    }

    @Test func whatIsUnderWayIsOfTheMoment() async throws {
        let gate = SharedFlag()
        let server = try ScriptedServer { _ in [.until { gate.isSet }, .reply(200)] }
        defer { server.stop() }
        try await withClient { client in
            let request = try request(server)
            async let response = client.response(to: request)
            try await eventually("it is under way") { client.statistics.underWay == 1 }
            gate.set()
            _ = try await response
            #expect(client.statistics.underWay == 0)
        }
    }

    @Test func failuresAreCountedByTheirReasonAndRepetitionsForThemselves() async throws {
        let server = try ScriptedServer { request in request.connection < 3 ? [.reset] : [.reply(200)] }
        defer { server.stop() }
        try await withClient { client in
            var policy = RetryPolicy.idempotent
            policy.firstCeiling = .milliseconds(1)
            _ = try await client.response(to: try request(server), retrying: policy)
            let statistics = client.statistics
            #expect(statistics.requests == 3)
            #expect(statistics.retries == 2)
            #expect(statistics.failures == [.connectionLost: 2])
            #expect(statistics.errors == 2)
        }
    }

    @Test func whatSomebodyHasEndedIsNoError() async throws {
        let server = try ScriptedServer { _ in [.hang] }
        defer { server.stop() }
        try await withClient { client in
            let request = try request(server)
            let task = Task { try await client.response(to: request) }
            try await eventually("it has arrived") { !server.requests.isEmpty }
            task.cancel()
            _ = await task.result
            #expect(client.statistics.failures == [.cancelled: 1])
            #expect(client.statistics.errors == 0)
        }
    }
}
