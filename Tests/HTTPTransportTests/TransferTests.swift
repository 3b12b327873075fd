import HTTPTransport
import TestSupport
import Testing

/// One attempt against a server that behaves as scripted.
struct TransferTests {
    @Test func connectionsAreReused() async throws {
        let server = try ScriptedServer { _ in [.reply(200, "hello")] }
        defer { server.stop() }
        try await withClient { client in
            for _ in 1...5 {
                let response = try await client.response(to: HTTPRequest(.get, try HTTPURL(server.url)))
                #expect(response.status == 200 && response.body == Array("hello".utf8))
            }
            let delegate = RecordingDelegate()
            client.start(HTTPRequest(.get, try HTTPURL(server.url)), delegate: delegate)
            let metrics = try await delegate.completion().get()
            #expect(metrics.reusedConnection && metrics.bodyBytes == 5)
            #expect(metrics.remoteAddress == "127.0.0.1:\(server.port)")
        }
        #expect(server.connections == 1 && server.requests.count == 6)
    }

    @Test func requestsSayWhatTheyShould() async throws {
        let server = try ScriptedServer { _ in [.reply(206, "x")] }
        defer { server.stop() }
        try await withClient { client in
            let url = try HTTPURL(server.url + "/a/../b%20c?q=1")
            let request = HTTPRequest(.get, url, headers: ["If-Match": "\"e\"", "X-Empty": ""], range: 5..<9)
            _ = try await client.response(to: request)
        }
        let request = try #require(server.requests.first)
        #expect(request.method == "GET" && request.target == "/a/../b%20c?q=1")
        #expect(request.headers["range"] == "bytes=5-8" && request.headers["if-match"] == "\"e\"")
        #expect(request.headers["x-empty"] == "" && request.headers["user-agent"] == "basespacefs-test")
        #expect(request.headers["accept-encoding"] == nil && request.headers["content-length"] == nil)
    }

    @Test(arguments: [HTTPMethod.put, .post])
    func bodiesAreSentFromMemoryAndFromFileRegions(_ method: HTTPMethod) async throws {
        let server = try ScriptedServer { _ in [.reply(200)] }
        defer { server.stop() }
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let directory = try TemporaryDirectory()
        let file = try OpenFile(try directory.write(bytes, to: "body"))
        try await withClient { client in
            let url = try HTTPURL(server.url)
            _ = try await client.response(to: HTTPRequest(method, url, body: .bytes(bytes)))
            let region = HTTPBody.file(descriptor: file.descriptor, offset: 1_000_001, count: 1_500_000)
            _ = try await client.response(to: HTTPRequest(method, url, body: region))
            _ = try await client.response(to: HTTPRequest(method, url))
        }
        let requests = server.requests
        #expect(requests.map(\.method) == Array(repeating: method.rawValue, count: 3))
        #expect(requests[0].body == bytes)
        #expect(requests[1].body == Array(bytes[1_000_001..<2_500_001]))
        #expect(requests[2].headers["content-length"] == "0")
        #expect(requests.allSatisfy { $0.headers["expect"] == nil && $0.headers["transfer-encoding"] == nil })
    }

    @Test func aFileThatIsShorterThanItsRegionFails() async throws {
        let server = try ScriptedServer { _ in [.reply(200)] }
        defer { server.stop() }
        let directory = try TemporaryDirectory()
        let file = try OpenFile(try directory.write([1, 2, 3], to: "body"))
        try await withClient { client in
            let body = HTTPBody.file(descriptor: file.descriptor, offset: 0, count: 4)
            let request = HTTPRequest(.put, try HTTPURL(server.url), body: body)
            let error = try await failure { () async throws(HTTPTransportError) in
                try await client.response(to: request)
            }
            #expect(error.code == .bodyUnreadable)
        }
    }

    @Test func aRedirectIsNotFollowed() async throws {
        let other = try ScriptedServer { _ in [.reply(200)] }
        let server = try ScriptedServer { _ in [.reply(302, headers: ["Location: \(other.url)/x"])] }
        defer { [server, other].forEach { $0.stop() } }
        try await withClient { client in
            let response = try await client.response(to: HTTPRequest(.get, try HTTPURL(server.url)))
            #expect(response.status == 302 && response.head.headers["location"] == other.url + "/x")
        }
        #expect(other.connections == 0)
    }

    @Test(arguments: ["x\r\nInjected: 1", "x\nInjected: 1", "x\u{0}"])
    func headersCantBeInjected(_ value: String) async throws {
        let server = try ScriptedServer { _ in [.reply(200)] }
        defer { server.stop() }
        try await withClient { client in
            for headers in [["Name": value], [value: "x"], ["": "x"], ["a b": "x"]] as [HTTPHeaders] {
                let request = HTTPRequest(.get, try HTTPURL(server.url), headers: headers)
                let error = try await failure { () async throws(HTTPTransportError) in
                    try await client.response(to: request)
                }
                #expect(error.code == .invalidRequest && !error.mayHaveReachedServer)
            }
        }
        #expect(server.connections == 0)
    }

    @Test func requestsBeyondTheLimitWaitInOrder() async throws {
        let gate = SharedFlag()
        let server = try ScriptedServer { _ in [.until { gate.isSet }, .reply(200)] }
        defer { server.stop() }
        try await withClient(connections: 3) { client in
            let delegates = try (0..<12).map { number in
                let delegate = RecordingDelegate()
                client.start(HTTPRequest(.get, try HTTPURL("\(server.url)/\(number)")), delegate: delegate)
                return delegate
            }
            try await eventually("three requests arrive") { server.requests.count == 3 }
            #expect(Set(server.requests.map(\.path)) == ["/0", "/1", "/2"])
            gate.set()
            for delegate in delegates {
                _ = try await delegate.completion().get()
            }
        }
        #expect(server.peakOfConcurrentRequests == 3 && server.connections == 3)
    }

    @Test func severalShardsShareTheWork() async throws {
        let gate = SharedFlag()
        let server = try ScriptedServer { _ in [.until { gate.isSet }, .reply(200)] }
        defer { server.stop() }
        try await withClient(shards: 2, connections: 8) { client in
            let delegates = try (0..<8).map { _ in
                let delegate = RecordingDelegate()
                client.start(HTTPRequest(.get, try HTTPURL(server.url)), delegate: delegate)
                return delegate
            }
            try await eventually("all eight are on the line") { server.requests.count == 8 }
            gate.set()
            for delegate in delegates {
                _ = try await delegate.completion().get()
            }
        }
    }

    @Test func aBodyOverTheLimitIsNotCollected() async throws {
        let server = try ScriptedServer { request in
            request.path == "/announced"
                ? [.send(ScriptedServer.Step.head(200, length: 1001)), .hang]
                : [.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), .zeros(1 << 20), .close]
        }
        defer { server.stop() }
        try await withClient { client in
            for path in ["/announced", "/not-announced"] {
                let request = HTTPRequest(.get, try HTTPURL(server.url + path))
                let error = try await failure { () async throws(HTTPTransportError) in
                    try await client.response(to: request, limit: 1000)
                }
                #expect(error.code == .bodyTooLarge, "\(path)")
            }
        }
    }

    /// In a process of its own: what other tests need must not count.
    @Test func aLargeBodyStreamsInConstantMemory() async {
        await #expect(processExitsWith: .success) {
            let size = 200 << 20
            let server = try ScriptedServer { _ in [.send(ScriptedServer.Step.head(200, length: size)), .zeros(size)] }
            defer { server.stop() }
            try await withClient { client in
                let before = try ResidentMemory.peak()
                let delegate = RecordingDelegate()
                client.start(HTTPRequest(.get, try HTTPURL(server.url)), delegate: delegate)
                _ = try await delegate.completion().get()
                #expect(delegate.record.bytes == size)
                #expect(try ResidentMemory.peak() - before < 16 << 20)
            }
        }
    }

    @Test func logsAndErrorsHoldNoSecret() async throws {
        let server = try ScriptedServer { request in
            request.path == "/reset" ? [.reset] : [.reply(200)]
        }
        defer { server.stop() }
        let lines = LogLines()
        try await withClient(logger: lines.logger) { client in
            for path in ["/ok", "/reset"] {
                let url = try HTTPURL(server.url + path + "?Signature=SECRET")
                let request = HTTPRequest(.get, url, headers: ["x-access-token": "SECRET"])
                do {
                    _ = try await client.response(to: request)
                } catch {
                    #expect(!"\(error)".contains("SECRET") && "\(error)".contains("127.0.0.1:\(server.port)"))
                }
            }
        }
        #expect(lines.text.contains("GET \(server.url)/ok: 200"))
        #expect(lines.text.contains("GET \(server.url)/reset: connectionLost"))
        #expect(!lines.text.contains("SECRET"))
    }
}
