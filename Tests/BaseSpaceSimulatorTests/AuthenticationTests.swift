import BaseSpaceSimulator
import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct AuthenticationTests {
    @Test func theTokenMayComeInTwoHeadersOrInTheQuery() async throws {
        try await Fixture.run { fixture in
            let url = "\(fixture.simulator.apiURL)/v1pre3/users/current"
            let token = fixture.simulator.token
            #expect(await RawHTTP.send("GET", url, headers: ["X-Access-Token": token]).status == 200)
            #expect(await RawHTTP.send("GET", url, headers: ["Authorization": "Bearer \(token)"]).status == 200)
            #expect(await RawHTTP.send("GET", "\(url)?Access_Token=\(token)").status == 200)
        }
    }

    @Test func withoutTheTokenTheAnswerIs401() async throws {
        try await Fixture.run { fixture in
            let url = "\(fixture.simulator.apiURL)/v1pre3/users/current"
            for headers in [[:], ["x-access-token": "wrong"], ["Authorization": "Basic \(fixture.simulator.token)"]] {
                let reply = await RawHTTP.send("GET", url, headers: headers)
                #expect(reply.status == 401)
                #expect(reply.errorCode == "BASESPACE.COMMON.AUTHENTICATION_FAILURE")
            }
        }
    }

    @Test func aTokenThatMayOnlyReadCannotWrite() async throws {
        try await Fixture.run({ $0.tokens = ["r": .readOnly, "b": .browseOnly] }) { fixture in
            let file = try await fixture.fileID()
            let read = await fixture.api("files/\(file)/content?redirect=meta", headers: ["x-access-token": "r"])
            #expect(read.status == 200)
            let browse = await fixture.api("files/\(file)/content?redirect=meta", headers: ["x-access-token": "b"])
            #expect(browse.status == 403)
            let write = await fixture.api("POST", "projects?name=New", headers: ["x-access-token": "r"])
            #expect(write.status == 403)
            #expect(write.errorCode == "BASESPACE.COMMON.INSUFFICIENT_RESOURCE_PERMISSIONS")
        }
    }
}
