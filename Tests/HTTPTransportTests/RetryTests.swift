import HTTPTransport
import TestSupport
import Testing

/// Several attempts against a server that fails at first.
struct RetryTests {
    /// Waits of a few milliseconds at most.
    private func quick(_ policy: RetryPolicy) -> RetryPolicy {
        var policy = policy
        policy.firstCeiling = .milliseconds(2)
        return policy
    }

    /// Answers with these steps one after another, and with the last of them for ever.
    private func server(_ steps: [ScriptedServer.Step]) throws -> ScriptedServer {
        let next = Counter()
        return try ScriptedServer { _ in [steps[min(next.increment() - 1, steps.count - 1)]] }
    }

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func failuresInPassingAreRepeated(_ status: Int) async throws {
        let server = try server([.reply(status), .reply(status), .reply(200, "done")])
        defer { server.stop() }
        try await withClient { client in
            let request = HTTPRequest(.get, try HTTPURL(server.url))
            let response = try await client.response(to: request, retrying: quick(.idempotent))
            #expect(response.body == Array("done".utf8))
        }
        #expect(server.requests.count == 3)
    }

    @Test func brokenConnectionsAreRepeated() async throws {
        let server = try server([.reset, .close, .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"), .reply(200)])
        defer { server.stop() }
        try await withClient(deadlines: HTTPDeadlines(stallTime: .milliseconds(200))) { client in
            let request = HTTPRequest(.get, try HTTPURL(server.url))
            #expect(try await client.response(to: request, retrying: quick(.idempotent)).status == 200)
        }
        #expect(server.requests.count == 4)
    }

    @Test func aServerThatDoesNotAnswerIsAskedTwice() async throws {
        let server = try server([.reply(503), .hang])
        defer { server.stop() }
        try await withClient(deadlines: HTTPDeadlines(firstByte: .milliseconds(500))) { client in
            let request = HTTPRequest(.get, try HTTPURL(server.url))
            let error = try await failure { () async throws(HTTPTransportError) in
                try await client.response(to: request, retrying: quick(.idempotent))
            }
            #expect(error.code == .firstByteTimedOut)
        }
        #expect(server.requests.count == 3)
    }

    @Test func theLastAttemptsOutcomeStands() async throws {
        let server = try server([.reply(500, "why")])
        defer { server.stop() }
        try await withClient { client in
            var policy = quick(.idempotent)
            policy.maximumAttempts = 3
            let response = try await client.response(
                to: HTTPRequest(.get, try HTTPURL(server.url)),
                retrying: policy
            )
            #expect(response.status == 500 && response.body == Array("why".utf8))
        }
        #expect(server.requests.count == 3)
    }

    @Test func aPostIsRepeatedOnlyWhenTheServerDidNothing() async throws {
        let server = try server([.reply(503), .reply(429), .reply(500), .reply(200)])
        defer { server.stop() }
        try await withClient { client in
            let request = HTTPRequest(.post, try HTTPURL(server.url))
            #expect(try await client.response(to: request, retrying: quick(.notSent)).status == 500)
        }
        #expect(server.requests.count == 3)
    }

    @Test func retryAfterIsWaitedForUpToTheCap() async throws {
        let server = try server([.reply(429, headers: ["Retry-After: 3600"]), .reply(200)])
        defer { server.stop() }
        try await withClient { client in
            var policy = RetryPolicy.idempotent
            policy.longestRetryAfter = .milliseconds(300)
            let start = ContinuousClock.now
            _ = try await client.response(to: HTTPRequest(.get, try HTTPURL(server.url)), retrying: policy)
            #expect(ContinuousClock.now - start >= .milliseconds(300))
        }
    }

    @Test func cancellingEndsTheWaitBetweenAttempts() async throws {
        let server = try server([.reply(503, headers: ["Retry-After: 60"])])
        defer { server.stop() }
        try await withClient { client in
            let request = HTTPRequest(.get, try HTTPURL(server.url))
            let task = Task {
                try await failure { () async throws(HTTPTransportError) in
                    try await client.response(to: request, retrying: .idempotent)
                }
            }
            try await eventually("the first attempt is over") { server.requests.count == 1 }
            task.cancel()
            #expect(try await task.value.code == .cancelled)
        }
    }
}
