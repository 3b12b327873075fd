import BaseSpaceAPI
import TestSupport
import Testing
import Uploads

/// What an engine counts.
@Suite(.timeLimit(.minutes(3))) struct UploadStatisticsTests {
    private let mebibyte = UploadFixture.mebibyte

    @Test func filesAndBytesThatArrivedAreCounted() async throws {
        let fixture = try UploadFixture()
        let (small, _) = try fixture.file(bytes: 1000)
        let (large, _) = try fixture.file(bytes: 11 * mebibyte)
        _ = try await fixture.engine.upload(small, to: UploadFixture.destination("small"))
        _ = try await fixture.engine.upload(large, to: UploadFixture.destination("large"))
        let statistics = fixture.engine.statistics
        #expect(statistics.done == 2)
        #expect(statistics.failed == 0)
        #expect(statistics.sentBytes == UInt64(1000 + 11 * mebibyte))
        #expect(fixture.engine.activity == [])
    }

    @Test func aFailureIsCounted() async throws {
        let refusal = BaseSpaceError(kind: .service(status: 403), message: "no", endpoint: "POST")
        let fixture = try UploadFixture { _, _ in .fail(refusal) }
        let (file, _) = try fixture.file(bytes: 1000)
        _ = try await failure { try await fixture.engine.upload(file, to: UploadFixture.destination()) }
        #expect(fixture.engine.statistics.failed == 1)
        #expect(fixture.engine.statistics.done == 0)
        #expect(fixture.engine.statistics.sentBytes == 0)
    }

    @Test func whatIsStoppedIsNoFailure() async throws {
        let fixture = try UploadFixture { call, _ in call == .whole ? .hang : .answer }
        let (file, _) = try fixture.file(bytes: 1000)
        let upload = Task { try await fixture.engine.upload(file, to: UploadFixture.destination()) }
        try await eventually("it is sent") { fixture.service.calls.contains(.whole) }
        #expect(fixture.engine.activity.map(\.number) == [1])
        upload.cancel()
        _ = await upload.result
        #expect(fixture.engine.statistics.cancelled == 1)
        #expect(fixture.engine.statistics.failed == 0)
    }
}
