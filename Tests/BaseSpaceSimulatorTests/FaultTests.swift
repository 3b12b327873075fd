import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct FaultTests {
    @Test func aStatusIsAnsweredSoManyTimesAndWithoutEffect() async throws {
        try await Fixture.run { fixture in
            fixture.simulator.setFaults([
                Fault(
                    .status(503, headers: ["Retry-After": "7"]),
                    on: .init(listener: .api, method: "POST", path: "/v1pre3/projects*", skipping: 1, count: 2)
                )
            ])
            var statuses: [Int] = []
            for index in 0..<4 {
                let reply = await fixture.post("projects", #"{"Name":"P\#(index)"}"#)
                statuses.append(reply.status)
                if reply.status == 503 {
                    #expect(reply["Retry-After"] == "7")
                    #expect(reply.message != nil)
                }
            }
            #expect(statuses == [201, 503, 503, 201])
            #expect(await fixture.api("users/current/projects?Name=P1").object?["TotalCount"] == 0)
        }
    }

    @Test func theObjectStoresFailuresAreXML() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            fixture.simulator.setFaults([Fault(.status(503), on: .init(listener: .objectStore))])
            let reply = await RawHTTP.send("GET", url)
            #expect(reply.status == 503)
            #expect(reply.text.contains("<Code>SlowDown</Code>"))
            fixture.simulator.setFaults([Fault(.status(500, body: "oops"), on: .init(path: "*.fastq.gz"))])
            #expect(await RawHTTP.send("GET", url).text == "oops")
            #expect(await fixture.api("users/current").status == 200)
        }
    }

    @Test func aHangEndsWhenTheFaultsAreCleared() async throws {
        try await Fixture.run { fixture in
            fixture.simulator.setFaults([Fault(.hang)])
            async let reply = fixture.api("users/current")
            try await fixture.waitForRequests(1)
            #expect(fixture.simulator.requests.first?.status == nil)
            fixture.simulator.setFaults([])
            #expect(await reply.status == 200)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aHangEndsWithTheSimulator() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            fixture.simulator.setFaults([
                Fault(.hang, on: .init(listener: .api)),
                Fault(.stall(afterBytes: 1000), on: .init(listener: .objectStore)),
            ])
            fixture.simulator.resetRequests()
            async let hanging = fixture.api("users/current")
            async let stalled = RawHTTP.send("GET", url)
            try await fixture.waitForRequests(2)
            let clock = ContinuousClock()
            let duration = await clock.measure { await fixture.simulator.stop() }
            #expect(duration < .seconds(5))
            let replies = await (hanging, stalled)
            #expect(replies.0.status == 0)
            #expect([.closedEarly, .reset].contains(replies.1.ending))
        }
    }

    @Test(.timeLimit(.minutes(1))) func aHangEndsWhenTheClientGoes() async throws {
        try await Fixture.run { fixture in
            fixture.simulator.setFaults([Fault(.hang)])
            let url = "\(fixture.simulator.apiURL)/v1pre3/users/current"
            let reply = await RawHTTP.send("GET", url, timeout: .milliseconds(200))
            #expect(reply.ending == .timedOut)
            try await fixture.waitUntil { fixture.simulator.requests.first?.finished != nil }
        }
    }

    @Test func latencyDelaysTheFirstByte() async throws {
        try await Fixture.run { fixture in
            fixture.simulator.setFaults([Fault(.latency(.milliseconds(150))), Fault(.latency(.milliseconds(150)))])
            let clock = ContinuousClock()
            let duration = await clock.measure { _ = await fixture.api("users/current") }
            #expect(duration >= .milliseconds(300))
        }
    }

    @Test func bandwidthIsKept() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            fixture.simulator.setFaults([Fault(.bandwidth(600_000), on: .init(listener: .objectStore))])
            let clock = ContinuousClock()
            let start = clock.now
            let reply = await RawHTTP.send("GET", url)
            #expect(reply.data == Data(Fixture.fastq))
            #expect(clock.now - start >= .milliseconds(450))
        }
    }

    @Test func aBodyEndsEarlyByCloseResetOrStall() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            let cuts: [(Fault.Effect, RawHTTP.Ending)] = [
                (.shortBody(afterBytes: 70_000), .closedEarly), (.reset(afterBytes: 70_000), .reset),
                (.stall(afterBytes: 70_000), .timedOut), (.shortBody(afterBytes: 0), .closedEarly),
            ]
            for (effect, ending) in cuts {
                fixture.simulator.setFaults([Fault(effect, on: .init(listener: .objectStore))])
                // A stall is three seconds of silence, which a busy machine's pauses don't reach.
                let reply = await RawHTTP.send("GET", url, timeout: ending == .timedOut ? .seconds(3) : .seconds(20))
                #expect(reply.status == 200)
                #expect(reply["Content-Length"] == "300000")
                #expect(reply.ending == ending, "\(effect)")
                let expected = effect == .shortBody(afterBytes: 0) ? 0 : 70_000
                #expect(reply.data == Data(Fixture.fastq[..<expected]), "\(effect)")
            }
            // A cut behind the end of the body is none.
            fixture.simulator.setFaults([Fault(.reset(afterBytes: 70_000))])
            let short = await RawHTTP.send("GET", url, headers: ["Range": "bytes=0-99"])
            #expect(short.ending == .complete)
        }
    }

    @Test func aStallGoesOnWhenTheFaultsAreCleared() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            fixture.simulator.setFaults([Fault(.stall(afterBytes: 1000), on: .init(listener: .objectStore))])
            fixture.simulator.resetRequests()
            async let reply = RawHTTP.send("GET", url)
            try await fixture.waitUntil { fixture.simulator.requests.first?.status == 200 }
            fixture.simulator.setFaults([])
            #expect(await reply.data == Data(Fixture.fastq))
        }
    }

    @Test func headersLie() async throws {
        try await Fixture.run { fixture in
            let url = try await fixture.signedURL()
            fixture.simulator.setFaults([Fault(.entityTag("0")), Fault(.contentRange("bytes 5-9/10"))])
            let reply = await RawHTTP.send("GET", url, headers: ["Range": "bytes=0-4"])
            #expect(reply["ETag"] == "\"0\"")
            #expect(reply["Content-Range"] == "bytes 5-9/10")
            #expect(reply.data == Data(Fixture.fastq[..<5]))
            fixture.simulator.setFaults([Fault(.ignoreRange, on: .init(isRanged: true))])
            let whole = await RawHTTP.send("GET", url, headers: ["Range": "bytes=0-4"])
            #expect(whole.status == 200)
            #expect(whole.data == Data(Fixture.fastq))
        }
    }

    @Test func aProbabilityIsDrawnFromTheSeed() throws {
        func draw(seed: UInt64) -> [Bool] {
            let plan = FaultPlan(seed: seed)
            plan.set([Fault(.hang, on: .init(probability: 0.3))])
            return (0..<1000).map { _ in
                plan.interference(listener: .api, method: "GET", path: "/", isRanged: false).hangs
            }
        }
        #expect(draw(seed: 1) == draw(seed: 1))
        #expect(draw(seed: 1) != draw(seed: 2))
        #expect((200...400).contains(draw(seed: 1).count { $0 }))
    }

    @Test(arguments: [
        ("/a/*/c", "/a/b/c", true), ("/a/*", "/a/", true), ("*.bam", "/x/y.bam", true), ("*.bam", "/x/y.bai", false),
        ("/a", "/a/b", false), ("*a*b*", "/b/a", false), ("*a*b*", "/a/b", true), ("/ab*ba", "/aba", false),
    ])
    func starsMatchAnything(pattern: String, path: String, expected: Bool) {
        #expect(Glob.matches(pattern, path) == expected)
    }
}

extension Fixture {
    /// Waits until so many requests have come.
    func waitForRequests(_ count: Int) async throws {
        try await waitUntil { simulator.requests.count >= count }
    }

    /// Waits for a condition, ten seconds at most.
    func waitUntil(_ condition: () -> Bool) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(10)
        while !condition() {
            guard clock.now < deadline else {
                Issue.record("the condition did not come true in time")
                return
            }
            try await clock.sleep(for: .milliseconds(5))
        }
    }
}
