import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct ControlTests {
    private func send(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        _ fixture: Fixture
    ) async -> RawHTTP.Response {
        await RawHTTP.send(method, "\(fixture.simulator.apiURL)/simulator/\(path)", body: body.map { Array($0.utf8) })
    }

    @Test func requestsAreShownWithoutSecrets() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            fixture.simulator.resetRequests()
            _ = await RawHTTP.send("GET", url, headers: ["Range": "bytes=0-99"])
            _ = await fixture.api("users/current?access_token=\(fixture.simulator.token)")
            let recorded = fixture.simulator.requests
            #expect(recorded.map(\.status) == [206, 200])
            #expect(recorded.first?.range == "bytes=0-99")
            #expect(recorded.first?.bytesSent == 100)
            #expect(recorded.first?.path.hasSuffix("/S1_R1.fastq.gz") == true)
            try await fixture.waitUntil { fixture.simulator.requests.last?.finished != nil }

            let shown = await send("GET", "requests", nil, fixture)
            #expect(shown.status == 200)
            guard case .array(let requests)? = shown.json else {
                Issue.record("no list of requests")
                return
            }
            #expect(requests.count == 2)
            #expect(requests.first?["Listener"] == "objectStore")
            #expect(requests.first?["BytesSent"] == 100)
            #expect(!shown.text.contains(fixture.simulator.token))
            let signature = try #require(Parameters(form: url.drop { $0 != "?" }.dropFirst())["Signature"])
            #expect(!shown.text.contains(PercentEncoding.encode(signature)))
            _ = await send("DELETE", "requests", nil, fixture)
            #expect(fixture.simulator.requests.isEmpty)
        }
    }

    @Test func faultsAndTheClockAreSet() async throws {
        try await Fixture.run { fixture in
            let faults = #"""
                [{"effect":"status","status":418,"body":"tea","path":"/v1pre3/users/*","count":1},
                 {"effect":"shortBody","afterBytes":5,"listener":"objectStore","method":"GET","isRanged":false}]
                """#
            let reply = await send("POST", "faults", faults, fixture)
            #expect(reply.status == 200)
            #expect(await fixture.api("users/current").text == "tea")
            #expect(await RawHTTP.send("GET", try await fixture.signedURL()).body.count == 5)
            for wrong in [
                "{}", #"[{"effect":"nonsense"}]"#, #"[{"effect":"reset"}]"#, #"[{"effect":"hang","listener":"x"}]"#,
            ] {
                #expect(await send("POST", "faults", wrong, fixture).status == 400)
            }
            _ = await send("POST", "faults", "[]", fixture)

            let (_, session) = try await fixture.makeAppResult()
            #expect(await send("POST", "clock", #"{"advanceSeconds":300000}"#, fixture).status == 200)
            #expect(fixture.simulator.session(session)?.status == "TimedOut")
            #expect(await send("GET", "sessions", nil, fixture).text.contains("TimedOut"))
            #expect(await send("GET", "nonsense", nil, fixture).status == 404)
        }
    }

    @Test func uploadsAreShown() async throws {
        try await Fixture.run { fixture in
            let (id, _) = try await fixture.makeAppResult()
            _ = await fixture.upload(to: id, name: "x", bytes: [1])
            let reply = await send("GET", "uploads", nil, fixture)
            guard case .array(let uploads)? = reply.json else {
                Issue.record("no list of uploads")
                return
            }
            #expect(uploads.map { $0["AppResult"]?.text } == [id])
            #expect(uploads.first?["MD5"] == "55a54008ad1ba589aa210d2629c1df41")
        }
    }

    @Test func theLogForgetsTheOlderHalf() {
        let log = RequestLog(limit: 10)
        func request(_ index: Int) -> RecordedRequest {
            RecordedRequest(listener: .api, method: "GET", path: "/\(index)", query: "", headers: [], started: 0)
        }
        let first = log.append(request(0))
        var last = 0
        for index in 1...10 {
            last = log.append(request(index))
        }
        log.update(first) { $0.status = 1 }
        log.update(last) { $0.status = 2 }
        #expect(log.requests.map(\.path) == ["/5", "/6", "/7", "/8", "/9", "/10"])
        #expect(log.requests.compactMap(\.status) == [2])
    }
}
