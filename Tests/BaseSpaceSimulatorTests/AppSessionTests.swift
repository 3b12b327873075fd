import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct AppSessionTests {
    @Test(arguments: [
        ("status=COMPLETE&statussummary=all+done", "application/x-www-form-urlencoded", ""),
        (#"{"Status":"complete","StatusSummary":"all done"}"#, "application/json", ""),
        ("", "text/plain", "?status=Complete&StatusSummary=all%20done"),
    ])
    func statusAndSummaryComeInAFormJSONOrTheQuery(body: String, type: String, query: String) async throws {
        try await Fixture.run { fixture in
            let (id, session) = try await fixture.makeAppResult()
            let reply = await fixture.post("appsessions/\(session)\(query)", body, type: type)
            #expect(reply.status == 200)
            #expect(reply.object?["Status"] == "Complete")
            #expect(reply.object?["StatusSummary"] == "all done")
            #expect(reply.object?["DateCompleted"] != nil)
            // The AppResult's is a copy.
            let appResult = await fixture.api("appresults/\(id)").object
            #expect(appResult?["Status"] == "Complete")
            #expect(appResult?["StatusSummary"] == "all done")
            #expect(fixture.simulator.session(session)?.status == "Complete")
            #expect(await fixture.api("appsessions/\(session)").object?["Status"] == "Complete")
        }
    }

    @Test func aFinalSessionNeverChanges() async throws {
        for final in ["Complete", "Aborted"] {
            try await Fixture.run { fixture in
                let (_, session) = try await fixture.makeAppResult()
                #expect(await fixture.post("appsessions/\(session)?status=\(final)").status == 200)
                for next in ["running", "complete", "aborted", "needsattention"] {
                    #expect(await fixture.post("appsessions/\(session)?status=\(next)").status == 409)
                }
                #expect(await fixture.post("appsessions/\(session)?statussummary=x").status == 409)
                #expect(fixture.simulator.session(session)?.status == final)
            }
        }
    }

    @Test func aSessionGoesToNeedsAttentionAndBack() async throws {
        try await Fixture.run { fixture in
            let (id, session) = try await fixture.makeAppResult()
            for status in ["NeedsAttention", "Running"] {
                let reply = await fixture.post("appsessions/\(session)?status=\(status.lowercased())")
                #expect(reply.object?["Status"]?.text == status)
                #expect(await fixture.upload(to: id, name: status, bytes: [1]).status == 201)
            }
        }
    }

    @Test func aSummaryMayHave128Characters() async throws {
        try await Fixture.run { fixture in
            let (_, session) = try await fixture.makeAppResult()
            let longest = String(repeating: "x", count: 128)
            #expect(await fixture.post("appsessions/\(session)?statussummary=\(longest)").status == 200)
            #expect(await fixture.post("appsessions/\(session)?statussummary=\(longest)x").status == 400)
            #expect(await fixture.post("appsessions/\(session)?status=nonsense").status == 400)
            #expect(fixture.simulator.session(session)?.statusSummary == longest)
        }
    }

    @Test func aRunningSessionTimesOutAfter72HoursAndStillWorks() async throws {
        try await Fixture.run { fixture in
            let (id, session) = try await fixture.makeAppResult()
            fixture.simulator.advanceClock(by: .seconds(71 * 3600))
            #expect(await fixture.api("appsessions/\(session)").object?["Status"] == "Running")
            fixture.simulator.advanceClock(by: .seconds(3601))
            #expect(await fixture.api("appsessions/\(session)").object?["Status"] == "TimedOut")
            #expect(await fixture.upload(to: id, name: "x", bytes: [1]).status == 201)
            #expect(await fixture.post("appsessions/\(session)?status=complete").status == 200)
        }
    }

    @Test func theLifeCycleIsAPureStateMachine() throws {
        let start = ServiceDate(seconds: 1_000)
        var life = SessionLifeCycle(status: .running, since: start)
        func elapse(_ seconds: Int) -> Bool { life.elapse(to: start + .seconds(seconds)) }
        #expect(elapse(72 * 3600 - 1) == false)
        try life.enter(.needsAttention, at: start)
        #expect(elapse(1_000 * 3600) == false)
        try life.enter(.running, at: start + .seconds(3600))
        #expect(elapse(72 * 3600) == false)
        #expect(elapse(73 * 3600))
        #expect(life.status == .timedOut)
        try life.enter(.aborted, at: start)
        #expect(throws: SessionLifeCycle.IsFinal.self) { try life.enter(.running, at: start) }
    }
}
