import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct ChangeTests {
    private func control(_ fixture: Fixture, _ method: String, _ path: String, _ body: String) async -> RawHTTP.Response
    {
        await RawHTTP.send(method, "\(fixture.simulator.apiURL)/simulator/\(path)", body: Array(body.utf8))
    }

    @Test func thingsAppearChangeAndVanishByTheControlInterface() async throws {
        try await Fixture.run { fixture in
            func change(_ body: String) async -> String? {
                let reply = await control(fixture, "POST", "changes", body)
                return reply.json?.elements.last?["Href"]?.text.map { String($0.dropFirst(7)) }
            }
            let run = try #require(await change(#"{"add":"run","name":"R","status":"Running"}"#))
            _ = await change(#"{"add":"file","to":"\#(run)","path":"Data/s_#.bcl","size":7,"count":30}"#)
            #expect(await fixture.api(run).object?["TotalSize"] == 210)
            let file = try #require(await change(#"{"add":"file","to":"\#(run)","path":"x.txt","text":"abc"}"#))
            let etag = await fixture.api(file).object?["ETag"]
            _ = await change(#"{"set":"\#(file)","base64":"AAEC"}"#)
            #expect(await fixture.api(file).object?["ETag"] != etag)
            _ = await change(#"{"set":"\#(file)","archived":true}"#)
            #expect(await fixture.api("\(file)/content").status == 403)
            _ = await change(
                #"{"set":"\#(run)","status":"Complete","name":"E","properties":[{"Name":"a.b","Content":"x"}]}"#
            )
            let full = await fixture.api(run).object
            #expect(full?["Status"] == "Complete")
            #expect(full?["ExperimentName"] == "E")
            #expect(full?["Properties"]?["TotalCount"] == 1)
            let project = try #require(await change(#"{"add":"project","name":"P"}"#))
            let session = try #require(await change(#"{"add":"session","name":"S"}"#))
            let made = await change(#"{"add":"appresult","name":"A","to":"\#(project)","session":"\#(session)"}"#)
            #expect(await fixture.api(made ?? "").object?["Status"] == "Running")
            _ = await change(#"{"set":"\#(session)","status":"NeedsAttention","statusSummary":"hm"}"#)
            #expect(await fixture.api(made ?? "").object?["StatusSummary"] == "hm")
            #expect(await change(#"{"remove":"\#(run)"}"#) != nil)
            #expect(await fixture.api(run).status == 410)
            for wrong in [#"{"add":"x","name":"y"}"#, #"{"set":"runs/7","status":"Running"}"#, "7", "{}"] {
                #expect(await control(fixture, "POST", "changes", wrong).status == 400)
            }
        }
    }

    @Test func tokensAndUsersAnswersComeByTheControlInterface() async throws {
        try await Fixture.run { fixture in
            let token = #"{"token":"t","scopes":"browse global"}"#
            #expect(await control(fixture, "POST", "tokens", token).status == 200)
            let headers = ["x-access-token": "t"]
            #expect(await fixture.api("users/current/projects", headers: headers).status == 200)
            #expect(await control(fixture, "DELETE", "tokens", #"{"token":"t"}"#).status == 200)
            #expect(await fixture.api("users/current/projects", headers: headers).status == 401)
            #expect(await control(fixture, "POST", "tokens", #"{"token":"t","scopes":"fly"}"#).status == 400)
            let code = await fixture.api("POST", "oauthv2/deviceauthorization?client_id=c&response_type=device_code")
                .json
            let user = try #require(code?["user_code"]?.text)
            let answer = await control(fixture, "POST", "devices", #"{"answer":"deny","userCode":"\#(user)"}"#)
            #expect(answer.json?.elements.first?["Answer"] == "deny")
            #expect(await control(fixture, "POST", "devices", #"{"answer":"deny","userCode":"?"}"#).status == 400)
        }
    }

    @Test func aListMayLackItsTotalCount() async throws {
        try await Fixture.run { fixture in
            fixture.simulator.setFaults([Fault(.omitTotalCount)])
            let reply = await fixture.api("users/current/projects")
            #expect(reply.object?["TotalCount"] == nil)
            #expect(reply.object?["DisplayedCount"] == 2)
            #expect(await fixture.v2("biosamples").json?["Paging"]?["TotalCount"] == nil)
        }
    }
}
