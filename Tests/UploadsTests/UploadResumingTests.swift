import BaseSpaceAPI
import HTTPTransport
import SystemPackage
import TestSupport
import Testing
import Uploads

/// Uploads that go on after the process was killed, or after an answer was lost.
@Suite(.timeLimit(.minutes(3))) struct UploadResumingTests {
    private let mebibyte = UploadFixture.mebibyte

    /// Where the process is killed.
    struct Death: Sendable {
        let place: FakeUploadService.Call
        /// Whether what the last call asked for took place.
        let isDone: Bool
        let size: Int
        /// Bytes that are sent after it.
        let sentAfterwards: Int
        /// Uploads that nobody knows of: their ids were lost.
        var lost = 0
    }

    private static let large = 11 << 20

    /// Uploads until a call is in flight, and is never heard of again; then another process goes on.
    @Test(arguments: [
        Death(place: .whole, isDone: false, size: 1000, sentAfterwards: 1000),
        Death(place: .whole, isDone: true, size: 1000, sentAfterwards: 0),
        Death(place: .begin, isDone: false, size: large, sentAfterwards: large),
        Death(place: .begin, isDone: true, size: large, sentAfterwards: large, lost: 1),
        Death(place: .part(1), isDone: false, size: large, sentAfterwards: large),
        Death(place: .part(2), isDone: false, size: large, sentAfterwards: 6 << 20),
        Death(place: .part(3), isDone: true, size: large, sentAfterwards: 1 << 20),
        Death(place: .complete, isDone: false, size: large, sentAfterwards: 0),
        Death(place: .complete, isDone: true, size: large, sentAfterwards: 0),
    ])
    func goesOnWhereTheProcessWasKilled(death: Death) async throws {
        let isDead = Shared(false)
        let fixture = try UploadFixture {
            $0.partsInParallel = 1
        } script: { call, before in
            if isDead.value { return call == .abort && before == 0 ? .fail(.fakeStall) : .answer }
            guard call == death.place else { return .answer }
            return death.isDone ? .hangAfterwards : .hang
        }
        let (file, bytes) = try fixture.file(bytes: death.size)
        file.seal()
        let record = Remembered()
        let upload = Task { [file] in
            try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        }
        try await reached("the last call is there") { fixture.service.calls.last == death.place }
        if death.isDone {
            try await reached("it is done") {
                switch death.place {
                case .whole, .complete: fixture.service.files.count == 1
                case .begin: fixture.service.openUploads.count == 1
                default: fixture.service.bytesReceived == death.size
                }
            }
        }
        record.lose()
        isDead.value = true
        upload.cancel()
        _ = await upload.result

        let sent = fixture.service.bytesReceived
        let heir = Remembered(record.progress)
        let again = try fixture.area.openFile(file.serial, isSealed: true)
        let remote = try await fixture.engine.upload(again, to: UploadFixture.destination(), record: heir)
        #expect(fixture.service.bytesReceived - sent == death.sentAfterwards)
        #expect(fixture.service.files.map(\.fingerprint) == [Fingerprint(bytes)])
        #expect(fixture.service.files.first?.id == remote.id)
        #expect(fixture.service.openUploads.count == death.lost)
        #expect(heir.notes.last == .arrived(remote.id))
        #expect(again.uploadedVersion == again.version)
    }

    /// A large upload whose first two parts are remembered, and whose file is then changed.
    private func resumed(
        script: @escaping FakeUploadService.Script = { _, _ in .answer },
        partSize: Int64 = 5 << 20,
        change: (StagedFile) throws -> Void = { _ in }
    ) async throws -> (UploadFixture, StagedFile, Remembered) {
        let isDead = Shared(false)
        let fixture = try UploadFixture {
            $0.partsInParallel = 1
        } script: { call, before in
            if isDead.value { return await script(call, before) }
            return call == .part(3) ? .hang : call == .abort ? .fail(.fakeStall) : .answer
        }
        let (file, _) = try fixture.file(bytes: Self.large)
        file.seal()
        let record = Remembered()
        let upload = Task { try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record) }
        try await reached("the third part is in flight") { fixture.service.calls.last == .part(3) }
        record.lose()
        upload.cancel()
        _ = await upload.result
        isDead.value = true
        guard case .parts(let id, _, let sent) = record.progress else { throw UnexpectedProgress() }
        let again = try fixture.area.openFile(file.serial, isSealed: false)
        try change(again)
        return (fixture, again, Remembered(.parts(of: id, partSize: partSize, sent: sent)))
    }

    private struct UnexpectedProgress: Error {}

    private func finish(_ fixture: UploadFixture, _ file: StagedFile, _ record: Remembered) async throws -> Int {
        let before = fixture.service.bytesReceived
        file.seal()
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        #expect(try fixture.service.files.map(\.fingerprint) == [Fingerprint(file.contents())])
        #expect(fixture.service.openUploads.isEmpty)
        return fixture.service.bytesReceived - before
    }

    @Test func aPartThatChangedMeanwhileIsSentAgain() async throws {
        let (fixture, file, record) = try await resumed(change: { try $0.write([1, 2, 3], at: 7) })
        #expect(try await finish(fixture, file, record) == 6 * mebibyte)
        #expect(fixture.service.calls.count { $0 == .begin } == 1)
    }

    @Test func aFileThatEndsBeforeAKnownPartIsStartedAgain() async throws {
        let (fixture, file, record) = try await resumed(change: { try $0.truncate(to: 5 << 20) })
        #expect(try await finish(fixture, file, record) == 5 * mebibyte)
        #expect(fixture.service.aborted.count == 1)
    }

    @Test func anotherPartSizeStartsAgain() async throws {
        let (fixture, file, record) = try await resumed(partSize: 6 << 20)
        #expect(try await finish(fixture, file, record) == Self.large)
        #expect(fixture.service.aborted.count == 1)
    }

    @Test func anUploadThatTheServiceForgotStartsAgain() async throws {
        let (fixture, file, record) = try await resumed { call, before in
            call == .file && before == 0 ? .fail(.fake(status: 404)) : .answer
        }
        let before = fixture.service.bytesReceived
        file.seal()
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        #expect(fixture.service.bytesReceived - before == Self.large)
        #expect(record.notes.first == .abandoned)
    }

    /// Nothing is given up because the service can't be reached: the next attempt goes on.
    @Test func aServiceThatIsAwayLeavesTheUploadOpen() async throws {
        let (fixture, file, record) = try await resumed { call, before in
            call == .file && before == 0 ? .fail(.fakeStall) : .answer
        }
        file.seal()
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        }
        #expect(error.code == .unreachable)
        #expect(fixture.service.openUploads.count == 1)
        #expect(record.notes.isEmpty)
        #expect(try await finish(fixture, file, record) == 1 * mebibyte)
    }

    /// What failed for longer than the transport repeats it is all that is left to the next attempt.
    @Test(arguments: [FakeUploadService.Call.part(2), .complete])
    func anAttemptThatFailedInPassingIsGoneOnWith(at place: FakeUploadService.Call) async throws {
        let fixture = try UploadFixture {
            $0.partsInParallel = 1
        } script: { call, before in
            call == place && before == 0 ? .fail(.fake(status: 502)) : .answer
        }
        let (file, _) = try fixture.file(bytes: Self.large)
        let record = Remembered()
        file.seal()
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        }
        #expect(error.code == .serviceFailed)
        #expect(fixture.service.aborted.isEmpty)
        _ = try await finish(fixture, file, record)
        #expect(fixture.service.bytesReceived == Self.large)
        #expect(fixture.service.calls.count { $0 == .begin } == 1)
    }

    /// The service has a part that nobody heard of, behind the end that the file has by now: it would be joined.
    @Test func aFileThatEndsBeforeAPartThatMayHaveArrivedIsStartedAgain() async throws {
        let fixture = try UploadFixture {
            $0.partsInParallel = 1
        } script: { call, before in
            call == .part(3) && before == 0 ? .loseAnswer(.fakeLoss) : .answer
        }
        let (file, _) = try fixture.file(bytes: Self.large)
        let record = Remembered()
        file.seal()
        _ = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        }
        try file.truncate(to: 10 << 20)
        _ = try await finish(fixture, file, record)
        #expect(fixture.service.files.map(\.partSizes) == [[5 << 20, 5 << 20]])
        #expect(fixture.service.aborted.count == 1)
    }

    /// The file was uploaded and then changed, and the process was killed in between.
    @Test func aCompleteFileThatIsNotOursIsNoResult() async throws {
        let fixture = try UploadFixture()
        let (file, _) = try fixture.file(bytes: Self.large)
        let remote = try await fixture.engine.upload(file, to: UploadFixture.destination())
        try file.write([1], at: 0)
        file.seal()
        let record = Remembered(.parts(of: remote.id, partSize: 5 << 20, sent: [:]))
        let second = try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        #expect(second.id != remote.id)
        #expect(try fixture.service.files.last?.fingerprint == Fingerprint(file.contents()))
    }
}

/// Answers that are lost in a process that lives.
@Suite(.timeLimit(.minutes(3))) struct UploadLostAnswerTests {
    @Test(arguments: [BaseSpaceError.fakeLoss, .fake(status: 502), .fake(status: 409)])
    func aWholeFileThatArrivedAllTheSameIsFound(loss: BaseSpaceError) async throws {
        let fixture = try UploadFixture { call, _ in call == .whole ? .loseAnswer(loss) : .answer }
        let (file, _) = try fixture.file(bytes: 100)
        let remote = try await fixture.engine.upload(file, to: UploadFixture.destination())
        #expect(fixture.service.calls == [.whole, .list])
        #expect(fixture.service.files.map(\.id) == [remote.id])
        #expect(file.uploadedVersion == file.version)
    }

    /// Only what is surely not there is sent again, also after several failures.
    @Test(arguments: [500, 502, 504])
    func aWholeFileThatTheServiceFailedAtIsSentOnceItIsNotThere(status: Int) async throws {
        let fixture = try UploadFixture { call, before in
            guard call == .whole else { return .answer }
            return before < 2 ? .fail(.fake(status: status)) : .loseAnswer(.fake(status: status))
        }
        let (file, _) = try fixture.file(bytes: 100)
        let remote = try await fixture.engine.upload(file, to: UploadFixture.destination())
        #expect(fixture.service.calls == [.whole, .list, .whole, .list, .whole, .list])
        #expect(fixture.service.files.map(\.id) == [remote.id])
    }

    @Test func aServiceThatGoesOnFailingIsGivenUp() async throws {
        let fixture = try UploadFixture {
            $0.retries.maximumAttempts = 3
        } script: { call, _ in
            call == .whole ? .fail(.fake(status: 500)) : .answer
        }
        let (file, _) = try fixture.file(bytes: 100)
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        #expect(error.code == .serviceFailed)
        #expect(fixture.service.calls == [.whole, .list, .whole, .list, .whole, .list])
    }

    /// Another directory, other bytes: not ours.
    @Test func whatIsNotOursIsNotFound() async throws {
        let fixture = try UploadFixture { call, before in
            call == .whole && before == 2 ? .fail(.fakeLoss) : .answer
        }
        let (other, _) = try fixture.file(bytes: 100, seed: 2)
        _ = try await fixture.engine.upload(other, to: UploadFixture.destination())
        let (file, _) = try fixture.file(bytes: 100)
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination("b.bam"))
        let record = Remembered()
        file.seal()
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        }
        #expect(error.code == .unreachable)
        // It may arrive yet, so the next attempt asks again.
        #expect(record.progress == .sendingWhole)
    }

    @Test func aRefusedFileIsNotAskedFor() async throws {
        let fixture = try UploadFixture { call, _ in call == .whole ? .fail(.fake(status: 403)) : .answer }
        let (file, _) = try fixture.file(bytes: 100)
        let record = Remembered()
        file.seal()
        _ = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        }
        #expect(fixture.service.calls == [.whole])
        #expect(record.notes == [.sendingWhole, .abandoned])
    }

    @Test(arguments: [BaseSpaceError.fakeLoss, .fake(status: 502), .fake(status: 409)])
    func aCompletionThatTookPlaceIsTaken(loss: BaseSpaceError) async throws {
        let fixture = try UploadFixture { call, _ in call == .complete ? .loseAnswer(loss) : .answer }
        let (file, _) = try fixture.file(bytes: 11 << 20)
        let remote = try await fixture.engine.upload(file, to: UploadFixture.destination())
        #expect(fixture.service.calls.suffix(2) == [.complete, .file])
        #expect(fixture.service.files.map(\.id) == [remote.id])
        #expect(fixture.service.aborted.isEmpty)
    }

    @Test func anAbortThatIsNotHeardIsRemembered() async throws {
        let fixture = try UploadFixture { call, _ in
            switch call {
            case .part(2): .fail(.fake(status: 403))
            case .abort: .fail(.fakeStall)
            default: .answer
            }
        }
        let (file, _) = try fixture.file(bytes: 11 << 20)
        file.seal()
        let record = Remembered()
        _ = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record)
        }
        #expect(!record.notes.contains(.abandoned))
        #expect(record.progress != .none)
    }
}
