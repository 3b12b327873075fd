import TestSupport
import Testing

@testable import BaseSpaceSimulator

@Suite struct AccessTests {
    private func form(_ fixture: Fixture, _ path: String, _ text: String) async -> RawHTTP.Response {
        await RawHTTP.send(
            "POST",
            "\(fixture.simulator.apiURL)/v1pre3/oauthv2/\(path)",
            headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: Array(text.utf8)
        )
    }

    private func code(_ fixture: Fixture, scope: String) async throws -> (device: String, user: String) {
        let reply = await form(
            fixture,
            "deviceauthorization",
            "client_id=c&response_type=device_code&scope=\(scope)"
        ).json
        return (try #require(reply?["device_code"]?.text), try #require(reply?["user_code"]?.text))
    }

    private func poll(_ fixture: Fixture, _ code: String) async -> RawHTTP.Response {
        await form(fixture, "token", "client_id=c&client_secret=s&grant_type=device&code=\(code)")
    }

    @Test func theDeviceFlowEndsWithATokenOfTheScopes() async throws {
        try await Fixture.run { fixture in
            let (device, user) = try await code(fixture, scope: "Browse+Global%2Cread+project+1")
            #expect(await poll(fixture, device).json?["error"] == "authorization_pending")
            #expect(fixture.simulator.userCodes == [user])
            #expect(fixture.simulator.answerDevice(.slow, userCode: user))
            #expect(await poll(fixture, device).json?["error"] == "slow_down")
            #expect(fixture.simulator.answerDevice(.grant, userCode: user))
            let granted = await poll(fixture, device)
            #expect(granted.status == 200)
            let token = try #require(granted.json?["access_token"]?.text)
            #expect(await poll(fixture, device).json?["error"] == "invalid_grant")
            let headers = ["x-access-token": token]
            let current = await fixture.api("oauthv2/token/current", headers: headers).object
            #expect(current?["Scopes"] == ["BROWSE GLOBAL", "READ PROJECT 1"])
            #expect(current?["AccessToken"]?.text == token)
            let revoked = await RawHTTP.send(
                "DELETE",
                "\(fixture.simulator.apiURL)/v2/oauthv2tokens/current",
                headers: headers
            )
            #expect(revoked.status == 200)
            #expect(await fixture.api("users/current", headers: headers).status == 401)
        }
    }

    @Test func codesAreRefusedAndExpire() async throws {
        try await Fixture.run({ $0.deviceAnswer = .deny }) { fixture in
            let (denied, _) = try await code(fixture, scope: "")
            #expect(await poll(fixture, denied).json?["error"] == "access_denied")
            fixture.simulator.answerDevice(.pending)
            fixture.simulator.advanceClock(by: .seconds(1801))
            let late = await poll(fixture, denied)
            #expect(late.status == 400)
            #expect(late.json?["error"] == "expired_token")
            #expect(await poll(fixture, "nonsense").json?["error"] == "invalid_grant")
            let wrong = await form(fixture, "deviceauthorization", "client_id=c&response_type=device_code&scope=fly+me")
            #expect(wrong.json?["error"] == "invalid_scope")
        }
    }

    @Test func aTokenForOneProjectSeesNoOther() async throws {
        try await Fixture.run { fixture in
            let project = try await fixture.projectID()
            let other = try await fixture.id(of: "Empty", in: "users/current/projects")
            let (file, appResult) = (try await fixture.fileID(), try await fixture.appResultID())
            fixture.simulator.addToken("one", Simulator.Grant(scopes: "READ project \(project), create projects"))
            let headers = ["x-access-token": "one"]
            #expect(await fixture.api("users/current/projects", headers: headers).items?.count == 1)
            #expect(await fixture.api("users/current/appsessions?Limit=100", headers: headers).items?.count == 3)
            #expect(await fixture.api("projects/\(other)", headers: headers).status == 403)
            #expect(await fixture.api("files/\(file)/content?redirect=meta", headers: headers).status == 200)
            let write = await fixture.api("POST", "projects/\(project)/appresults?name=x", headers: headers)
            #expect(write.status == 403)
            #expect(write.errorCode == "BASESPACE.COMMON.INSUFFICIENT_RESOURCE_PERMISSIONS")
            #expect(await fixture.api("DELETE", "appresults/\(appResult)", headers: headers).status == 403)
            // It may do anything with what it makes.
            let made = await fixture.api("POST", "projects?name=Own", headers: headers).object?["Id"]?.text ?? ""
            let own = await fixture.api("POST", "projects/\(made)/appresults?name=x", headers: headers)
            #expect(own.status == 201)
            let session = own.object?["AppSession"]?["Id"]?.text ?? ""
            #expect(await fixture.api("POST", "appsessions/\(session)?status=complete", headers: headers).status == 200)
        }
    }

    @Test func whoMayCreateSeesOnlyWhatItMade() async throws {
        try await Fixture.run({ $0.tokens["create"] = Simulator.Grant(scopes: "create global") }) { fixture in
            let project = try await fixture.projectID()
            let headers = ["x-access-token": "create"]
            #expect(await fixture.api("projects/\(project)", headers: headers).status == 403)
            let reply = await fixture.api("POST", "projects/\(project)/appresults?name=x", headers: headers)
            #expect(reply.status == 201)
            let id = reply.object?["Id"]?.text ?? ""
            #expect(await fixture.api("appresults/\(id)", headers: headers).status == 200)
            fixture.simulator.revokeToken("create")
            #expect(await fixture.api("appresults/\(id)", headers: headers).status == 401)
        }
    }
}
