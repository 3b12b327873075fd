import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct LaunchTests {
    @Test func aLaunchedApplicationRunsByTheClock() async throws {
        try await Fixture.run { fixture in
            let application = fixture.simulator.addApplication("Aligner")
            #expect(await fixture.api("applications").items?.count == 2)
            #expect(await fixture.api("applications/\(application)").object?["Name"] == "Aligner")
            let sample = try await fixture.sampleID()
            let reply = await fixture.post(
                "applications/\(application)/appsessions",
                #"""
                {"Name":"Mine","StatusSummary":"go","AutoStart":true,"Properties":[
                  {"Type":"sample[]","Name":"Input.Samples","Items":["v1pre3/samples/\#(sample)"]}]}
                """#
            )
            #expect(reply.status == 201)
            let session = reply.object?["Id"]?.text ?? ""
            #expect(reply.object?["Application"]?["Name"] == "Aligner")
            #expect(reply.object?["Properties"]?["TotalCount"] == 1)
            #expect(reply.object?["LaunchPayload"]?["Name"] == "Mine")
            fixture.simulator.advanceClock(by: .seconds(59))
            #expect(fixture.simulator.session(session)?.status == "Running")
            fixture.simulator.advanceClock(by: .seconds(2))
            let done = await fixture.api("appsessions/\(session)").object
            #expect(done?["Status"] == "Complete")
            #expect(done?["DateCompleted"] != nil)
            #expect(await fixture.api("users/current/appsessions?AppId=\(application)").items?.count == 1)
        }
    }

    @Test(arguments: [
        "[]", "{}", #"{"Name":"x","Properties":[{"Name":"nodots","Content":"x"}]}"#,
        #"{"Name":"x","Properties":[{"Type":"sample","Name":"a.b","Content":"v1pre3/samples/7"}]}"#,
    ])
    func aBadPayloadIsAConflictInWords(payload: String) async throws {
        try await Fixture.run { fixture in
            let before = await fixture.api("users/current/appsessions").object?["TotalCount"]
            let reply = await fixture.post("applications/1001/appsessions", payload)
            #expect(reply.status == 409)
            #expect(reply.text.contains("Conflict: form validation found some errors: "))
            #expect(await fixture.api("users/current/appsessions").object?["TotalCount"] == before)
        }
    }

    @Test func sessionsAreFilteredAndHaveLogs() async throws {
        try await Fixture.run { fixture in
            let project = try await fixture.projectID()
            let all = await fixture.api("users/current/appsessions?output.projects=\(project)&Status=Complete")
            #expect(all.items?.count == 3)
            #expect(await fixture.api("users/current/appsessions?OutputProjects=7").items?.isEmpty == true)
            let session = try fixture.simulator.addSession("S")
            try session.addFile("log.txt", .bytes([1]))
            let logs = try #require(await fixture.api("appsessions/\(session.id)").object?["HrefLogs"]?.text)
            let href = try #require(await fixture.api(String(logs.dropFirst(7))).object?["HrefFiles"]?.text)
            let files = await fixture.api(String(href.dropFirst(7))).items
            #expect(files?.map { $0["Path"] } == ["log.txt"])
            let made = await fixture.post("projects/\(project)/samples?appsessionid=\(session.id)", #"{"Name":"N"}"#)
            #expect(made.status == 201)
            #expect(await fixture.api("appsessions/\(session.id)/samples").items?.map { $0["Name"] } == ["N"])
            #expect(await fixture.api("appsessions/\(session.id)/appresults").items?.isEmpty == true)
        }
    }
}
