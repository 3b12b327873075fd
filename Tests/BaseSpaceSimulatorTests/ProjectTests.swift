import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct ProjectTests {
    @Test func projectsAreListedAndFoundByName() async throws {
        try await Fixture.run { fixture in
            let all = await fixture.api("users/current/projects")
            #expect(Set(all.items?.compactMap { $0["Name"]?.text } ?? []) == ["Trio: exomes", "Empty"])
            let one = await fixture.api("users/current/projects?Name=Trio%3A+exomes")
            #expect(one.object?["TotalCount"] == 1)
            let size = Fixture.fastq.count + 3 + Fixture.vcf.count + 3
            #expect(one.items?.first?["TotalSize"] == .integer(Int64(size)))
            let id = try await fixture.projectID()
            let full = await fixture.api("projects/\(id)").object
            #expect(full?["HrefSamples"] == .string("v1pre3/projects/\(id)/samples"))
            #expect(full?["Href"] == .string("v1pre3/projects/\(id)"))
            #expect(full?["Permissions"] == nil)
            let permissions = await fixture.api("projects/\(id)?Include=Permissions").object?["Permissions"]
            #expect(permissions?["AccessTokenOperations"] != nil)
        }
    }

    @Test(arguments: [
        ("name=My+Project%21", "application/x-www-form-urlencoded"),
        (#"{"Name":"My Project!"}"#, "application/json"),
        // The type says nothing.
        (#"{"Name":"My Project!"}"#, "text/plain"),
    ])
    func aNewProjectIs201AndAnExistingOne200(body: String, type: String) async throws {
        try await Fixture.run { fixture in
            let created = await fixture.post("projects", body, type: type)
            #expect(created.status == 201)
            #expect(created.object?["Name"] == "My Project!")
            let again = await fixture.post("projects", body, type: type)
            #expect(again.status == 200)
            #expect(again.object?["Id"] == created.object?["Id"])
            #expect(await fixture.post("projects", "", type: type).status == 400)
        }
    }

    @Test func samplesAndAppResultsAreListedWithTheirStatus() async throws {
        try await Fixture.run { fixture in
            let project = try await fixture.projectID()
            let samples = await fixture.api("projects/\(project)/samples?SortBy=Name")
            #expect(samples.items?.compactMap { $0["Name"]?.text } == ["S1", "S2"])
            #expect(samples.items?.allSatisfy { $0["Status"] == "Complete" } == true)
            _ = try await fixture.makeAppResult()
            let statuses = "projects/\(project)/appresults?Statuses="
            #expect(await fixture.api(statuses + "running").items?.compactMap { $0["Name"]?.text } == ["Mine"])
            #expect(await fixture.api(statuses + "Complete").items?.compactMap { $0["Name"]?.text } == ["Calls / 1"])
            #expect(await fixture.api(statuses + "Running,Complete").items?.count == 2)
            #expect(await fixture.api(statuses).items?.count == 2)
        }
    }

    @Test func anAppResultBeginsInASessionOfItsOwnOrInOneThatIsNamed() async throws {
        try await Fixture.run { fixture in
            let project = try await fixture.projectID()
            let json =
                #"{"Name":"R","Description":"d","References":[{"Rel":"using","HrefContent":"v1pre3/samples/1"}]}"#
            let created = await fixture.post("projects/\(project)/appresults", json)
            #expect(created.status == 201)
            #expect(created.object?["Status"] == "Running")
            #expect(created.object?["Description"] == "d")
            let references = created.object?["References"]
            #expect(references == [["Rel": "using", "HrefContent": "v1pre3/samples/1"]] || references != [])
            let session = try #require(created.object?["AppSession"]?["Id"]?.text)
            let byHref = await fixture.post(
                "projects/\(project)/appresults",
                #"{"Name":"R2","HrefAppSession":"v1pre3/appsessions/\#(session)"}"#
            )
            #expect(byHref.object?["AppSession"]?["Id"]?.text == session)
            let byQuery = await fixture.post(
                "projects/\(project)/appresults?appsessionid=\(session)",
                #"{"Name":"R3"}"#
            )
            #expect(byQuery.object?["AppSession"]?["Id"]?.text == session)
            #expect(await fixture.api("appsessions/\(session)/appresults").items?.count == 3)

            #expect(await fixture.post("projects/\(project)/appresults", "{}").status == 400)
            _ = await fixture.post("appsessions/\(session)?status=complete")
            let late = await fixture.post("projects/\(project)/appresults?appsessionid=\(session)", #"{"Name":"R4"}"#)
            #expect(late.status == 409)
        }
    }
}
