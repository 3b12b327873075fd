import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct TrashTests {
    @Test func whatIsDeletedIsGoneUntilItIsRestored() async throws {
        try await Fixture.run { fixture in
            let (project, file) = (try await fixture.projectID(), try await fixture.fileID())
            let sample = try await fixture.sampleID()
            let deleted = await fixture.api("DELETE", "samples/\(sample)")
            #expect(deleted.status == 200)
            let gone = await fixture.api("samples/\(sample)")
            #expect(gone.status == 410)
            #expect(gone.errorCode == "BASESPACE.COMMON.RESOURCE_REMOVED")
            #expect(await fixture.api("files/\(file)").status == 410)
            #expect(await fixture.api("projects/\(project)/samples").items?.count == 1)
            let items = await fixture.v2("trash").json?["Items"]?.elements
            #expect(items?.map { $0["DeletedSample"]?["Id"]?.text } == [sample])
            let item = items?.first?["Id"]?.text ?? ""
            #expect(await fixture.v2("POST", "trash/\(item)/restorefromtrash").status == 200)
            #expect(await fixture.api("samples/\(sample)/files").items?.count == 2)
            #expect(await fixture.v2("trash").json?["Items"] == [])
        }
    }

    @Test func aProjectTakesAllWithItAndTheTrashIsEmptied() async throws {
        try await Fixture.run { fixture in
            let (project, appResult) = (try await fixture.projectID(), try await fixture.appResultID())
            #expect(await fixture.api("DELETE", "appresults/\(appResult)").status == 200)
            #expect(await fixture.api("DELETE", "projects/\(project)").status == 200)
            #expect(await fixture.api("users/current/projects").items?.count == 1)
            // The AppResult can't come back before its project.
            let first = await fixture.v2("trash?SortBy=DateDeleted").json?["Items"]?.elements
                .first { $0["DeletedAppResult"] != nil }?["Id"]?.text
            #expect(await fixture.v2("POST", "trash/\(first ?? "")/restorefromtrash").status == 409)
            #expect(await fixture.api("DELETE", "users/current/trash").status == 200)
            #expect(await fixture.v2("trash").json?["Paging"]?["TotalCount"] == 0)
            #expect(await fixture.api("projects/\(project)").status == 410)
        }
    }

    @Test func withoutTheScopesNothingIsDeleted() async throws {
        try await Fixture.run({ $0.tokens["w"] = Simulator.Grant(scopes: "write global") }) { fixture in
            let project = try await fixture.projectID()
            let headers = ["x-access-token": "w"]
            #expect(await fixture.api("DELETE", "projects/\(project)", headers: headers).status == 403)
            #expect(await fixture.api("DELETE", "users/current/trash", headers: headers).status == 403)
        }
    }
}
