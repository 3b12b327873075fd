import BaseSpaceAPI
import HTTPTransport
import TestSupport
import Testing

/// What a client of the API counts.
struct CallStatisticsTests {
    @Test(
        arguments: [
            (200, .success), (401, .unauthorized), (403, .refused), (404, .refused), (501, .serverError),
            (302, .serverError),
        ] as [(Int, CallOutcome)]
    )
    func aCallCountsByItsStatus(status: Int, outcome: CallOutcome) async throws {
        try await withService(script: { _ in v1(#"{"Id":"1","Name":"n"}"#, status: status) }) { client, _ in
            _ = try? await client.currentUser()
            #expect(client.statistics.calls == [outcome: 1])
            #expect(client.statistics.errors == (outcome == .success ? 0 : 1))
        }
    }

    @Test func aCallThatIsRepeatedIsOneCall() async throws {
        let isBack = SharedFlag()
        try await withService(
            script: { _ in
                defer { isBack.set() }
                return v1(#"{"Id":"1","Name":"n"}"#, status: isBack.isSet ? 200 : 503)
            }
        ) { client, scripted in
            _ = try await client.currentUser()
            #expect(scripted.requests.count == 2)
            #expect(client.statistics.calls == [.success: 1])
            #expect(client.transportStatistics.retries == 1)
        }
    }

    @Test func anAnswerThatMakesNoSenseIsAnError() async throws {
        try await withService(script: { _ in [.reply(200, "<html>")] }) { client, _ in
            _ = try? await client.currentUser()
            #expect(client.statistics.calls == [.success: 1])
            #expect(client.statistics.undecodable == 1)
            #expect(client.statistics.errors == 1)
        }
    }

    @Test func whatNobodyWaitsForIsNoError() async throws {
        try await withService(script: { _ in [.hang] }) { client, server in
            let task = Task { try await client.currentUser() }
            try await eventually("it has arrived") { !server.requests.isEmpty }
            task.cancel()
            _ = await task.result
            #expect(client.statistics.calls == [.cancelled: 1])
            #expect(client.statistics.errors == 0)
        }
    }
}
