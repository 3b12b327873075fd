import HTTPTransport
import TestSupport
import Testing

/// What becomes of a transfer when server, line or caller misbehave.
struct FaultTests {
    private func failure(of request: HTTPRequest, _ client: HTTPClient) async throws -> HTTPTransportError {
        try await HTTPTransportTests.failure { () async throws(HTTPTransportError) in
            try await client.response(to: request)
        }
    }

    @Test func cancellingClosesTheConnectionAndCompletesOnce() async throws {
        let server = try ScriptedServer { _ in [.send(ScriptedServer.Step.head(200, length: 100)), .send("x"), .hang] }
        defer { server.stop() }
        try await withClient { client in
            let delegate = RecordingDelegate()
            let transfer = client.start(HTTPRequest(.get, try HTTPURL(server.url)), delegate: delegate)
            try await eventually("the body begins") { delegate.record.bytes == 1 }
            transfer.cancel()
            transfer.cancel()
            #expect(try await delegate.failureCode() == .cancelled)
            try await eventually("the connection is closed") { server.openConnections == 0 }
            transfer.cancel()
            _ = try await failure(of: HTTPRequest(.get, try HTTPURL("http://127.0.0.1:1")), client)
            #expect(delegate.record.completions.count == 1)
        }
    }

    @Test func cancellingATransferThatWaitsSendsNothing() async throws {
        let server = try ScriptedServer { _ in [.hang] }
        defer { server.stop() }
        try await withClient(connections: 1) { client in
            let url = try HTTPURL(server.url)
            let first = RecordingDelegate()
            let second = RecordingDelegate()
            client.start(HTTPRequest(.get, url), delegate: first)
            try await eventually("the first request arrives") { server.requests.count == 1 }
            client.start(HTTPRequest(.get, url), delegate: second).cancel()
            guard case .failure(let error) = try await second.completion() else {
                Issue.record("a cancelled transfer succeeded")
                return
            }
            #expect(error.code == .cancelled && !error.mayHaveReachedServer)
            #expect(first.record.completions.isEmpty && server.requests.count == 1)
        }
    }

    @Test func cancellingTheTaskRemovesTheTransfer() async throws {
        let server = try ScriptedServer { _ in [.hang] }
        defer { server.stop() }
        try await withClient { client in
            let request = HTTPRequest(.get, try HTTPURL(server.url))
            let task = Task { try await failure(of: request, client) }
            try await eventually("the request arrives") { server.requests.count == 1 }
            task.cancel()
            #expect(try await task.value.code == .cancelled)
            try await eventually("the connection is closed") { server.openConnections == 0 }
        }
    }

    @Test func aHeadThatIsRefusedEndsTheTransfer() async throws {
        let server = try ScriptedServer { _ in [.send(ScriptedServer.Step.head(200, length: 10)), .hang] }
        defer { server.stop() }
        try await withClient { client in
            let delegate = RecordingDelegate(acceptsHead: false)
            client.start(HTTPRequest(.get, try HTTPURL(server.url)), delegate: delegate)
            #expect(try await delegate.failureCode() == .cancelled)
            #expect(delegate.record.head?.status == 200)
        }
    }

    @Test func shutdownEndsWhatRunsAndWhatWaitsAndRefusesMore() async throws {
        let server = try ScriptedServer { _ in [.hang] }
        defer { server.stop() }
        try await withClient(connections: 1) { client in
            let request = HTTPRequest(.get, try HTTPURL(server.url))
            let delegates = [RecordingDelegate(), RecordingDelegate(), RecordingDelegate()]
            client.start(request, delegate: delegates[0])
            client.start(request, delegate: delegates[1])
            try await eventually("one request arrives") { server.requests.count == 1 }
            client.shutdown()
            let transfer = client.start(request, delegate: delegates[2])
            for delegate in delegates {
                #expect(delegate.record.completions.count == 1)
                #expect(try await delegate.failureCode() == .shutDown)
            }
            transfer.cancel()
            client.shutdown()
            try await eventually("the connections are closed") { server.openConnections == 0 }
        }
    }

    @Test func noAnswerRunsIntoTheFirstByteDeadline() async throws {
        let server = try ScriptedServer { _ in [.hang] }
        defer { server.stop() }
        try await withClient(deadlines: HTTPDeadlines(firstByte: .milliseconds(150))) { client in
            let error = try await failure(of: HTTPRequest(.get, try HTTPURL(server.url)), client)
            #expect(error.code == .firstByteTimedOut && error.isTransient && error.mayHaveReachedServer)
            try await eventually("the connection is closed") { server.openConnections == 0 }
        }
    }

    @Test func aBodyThatDripsRunsIntoTheStallDeadline() async throws {
        let server = try ScriptedServer { _ in
            [
                .send(ScriptedServer.Step.head(200, length: 10_000)),
                .drip([UInt8](repeating: 0, count: 10_000), every: .milliseconds(10)),
            ]
        }
        defer { server.stop() }
        let deadlines = HTTPDeadlines(stallTime: .milliseconds(400), stallBytesPerSecond: 10_000)
        try await withClient(deadlines: deadlines) { client in
            let error = try await failure(of: HTTPRequest(.get, try HTTPURL(server.url)), client)
            #expect(error.code == .stalled)
        }
    }

    @Test func aRequestMayHaveATotalDeadline() async throws {
        let server = try ScriptedServer { _ in [.hang] }
        defer { server.stop() }
        try await withClient { client in
            var request = HTTPRequest(.get, try HTTPURL(server.url))
            request.deadlines = HTTPDeadlines(total: .milliseconds(100))
            #expect(try await failure(of: request, client).code == .deadlineExceeded)
        }
    }

    @Test func nobodyListening() async throws {
        let server = try ScriptedServer { _ in [.reply(200)] }
        server.stop()
        try await withClient { client in
            let url = try HTTPURL(server.url)
            try await eventually("the port is closed") {
                let error = try await failure(of: HTTPRequest(.post, url), client)
                return error.code == .cannotConnect && !error.mayHaveReachedServer && error.isTransient
            }
        }
    }

    @Test func aServerThatSpeaksNoTLS() async throws {
        let server = try ScriptedServer { _ in [.reply(200)] }
        defer { server.stop() }
        // The scripted server waits for the end of a request; one that answers at once needs no request.
        try await withClient(deadlines: HTTPDeadlines(connect: .milliseconds(200))) { client in
            let url = try HTTPURL("https://127.0.0.1:\(server.port)")
            let error = try await failure(of: HTTPRequest(.get, url), client)
            #expect(error.code == .connectTimedOut && !error.mayHaveReachedServer)
        }
    }

    @Test func aShortBodyIsNoSuccess() async throws {
        let server = try ScriptedServer { _ in
            [.send(ScriptedServer.Step.head(200, length: 100) + "only this"), .close]
        }
        defer { server.stop() }
        try await withClient { client in
            let error = try await failure(of: HTTPRequest(.get, try HTTPURL(server.url)), client)
            #expect(error.code == .partialBody && error.isTransient)
        }
    }

    @Test func aResetInTheBodyIsNoSuccess() async throws {
        let server = try ScriptedServer { _ in
            [.send(ScriptedServer.Step.head(200, length: 1 << 20)), .zeros(1000), .reset]
        }
        defer { server.stop() }
        try await withClient { client in
            let error = try await failure(of: HTTPRequest(.get, try HTTPURL(server.url)), client)
            #expect(error.code == .connectionLost && error.isTransient)
        }
    }

    @Test func aHeadWithoutEndIsNoSuccess() async throws {
        let line = "X-Filler: " + String(repeating: "x", count: 1000) + "\r\n"
        let lines = [ScriptedServer.Step](repeating: .send(line), count: 400)
        let server = try ScriptedServer { _ in [.send("HTTP/1.1 200 OK\r\n")] + lines + [.hang] }
        defer { server.stop() }
        try await withClient { client in
            let error = try await failure(of: HTTPRequest(.get, try HTTPURL(server.url)), client)
            #expect(error.code == .protocolViolation)
        }
    }

    @Test(arguments: ["SSH-2.0-OpenSSH\r\n", "HTTP/9.9 abc\r\n\r\n", "\0\0\0\0"])
    func whatIsNotHTTPIsNoSuccess(_ text: String) async throws {
        let server = try ScriptedServer { _ in [.send(text), .close] }
        defer { server.stop() }
        try await withClient { client in
            let error = try await failure(of: HTTPRequest(.get, try HTTPURL(server.url)), client)
            #expect(error.code == .protocolViolation)
        }
    }
}

/// Requests that go out on a connection of the pool which the server is about to drop.
struct DeadConnectionTests {
    /// Answers the first request of the first connection, and drops the second one as told.
    private static func server(dropping step: ScriptedServer.Step) throws -> ScriptedServer {
        try ScriptedServer { request in
            request.connection == 1 && request.numberOnConnection == 2 ? [step] : [.reply(200, request.method)]
        }
    }

    @Test(arguments: [HTTPMethod.get, .put, .delete], [true, false])
    func whatMayBeDoneTwiceIsSentAgainAtOnce(_ method: HTTPMethod, byReset: Bool) async throws {
        let server = try Self.server(dropping: byReset ? .reset : .close)
        defer { server.stop() }
        try await withClient { client in
            let url = try HTTPURL(server.url)
            _ = try await client.response(to: HTTPRequest(.get, url))
            let body = method == .put ? HTTPBody.bytes(Array("body".utf8)) : .none
            let response = try await client.response(to: HTTPRequest(method, url, body: body))
            #expect(response.body == Array(method.rawValue.utf8))
        }
        #expect(server.connections == 2 && server.requests.count == 3)
        #expect(method != .put || server.requests.last?.body == Array("body".utf8))
    }

    @Test(arguments: [HTTPMethod.put, .post])
    func aConnectionThatDiesInTheMiddleOfABody(_ method: HTTPMethod) async throws {
        let server = try ScriptedServer(resetsBeforeBody: { $0 == 1 && $1 == 2 }) { _ in [.reply(200)] }
        defer { server.stop() }
        // More than the buffers of both sockets hold, so that the reset meets a body that is being sent.
        let body = [UInt8](repeating: 7, count: 16 << 20)
        try await withClient { client in
            let url = try HTTPURL(server.url)
            _ = try await client.response(to: HTTPRequest(.get, url))
            let request = HTTPRequest(method, url, body: .bytes(body))
            if method == .put {
                #expect(try await client.response(to: request).status == 200)
            } else {
                let error = try await failure { () async throws(HTTPTransportError) in
                    try await client.response(to: request)
                }
                #expect(error.code == .connectionLost && error.mayHaveReachedServer)
            }
        }
        #expect(server.requests.last?.body == (method == .put ? body : []))
    }

    @Test(arguments: [true, false])
    func aPostIsNotSentAgain(byReset: Bool) async throws {
        let server = try Self.server(dropping: byReset ? .reset : .close)
        defer { server.stop() }
        try await withClient { client in
            let url = try HTTPURL(server.url)
            _ = try await client.response(to: HTTPRequest(.get, url))
            let request = HTTPRequest(.post, url, body: .bytes(Array("body".utf8)))
            let error = try await failure { () async throws(HTTPTransportError) in
                try await client.response(to: request, retrying: .notSent)
            }
            #expect(error.code == .connectionLost && error.mayHaveReachedServer)
        }
        #expect(server.requests.filter { $0.method == "POST" }.count == 1)
    }
}
