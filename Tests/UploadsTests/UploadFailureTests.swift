import BaseSpaceAPI
import Glibc
import SystemPackage
import TestSupport
import Testing
import Uploads

/// What the engine does when something goes wrong.
@Suite(.timeLimit(.minutes(3))) struct UploadFailureTests {
    private let mebibyte = UploadFixture.mebibyte

    /// The service's file is what the staged file contains, and nothing is left open.
    private func expectArrived(_ file: StagedFile, _ fixture: UploadFixture) throws {
        let stored = try #require(fixture.service.files.last)
        #expect(try stored.fingerprint == Fingerprint(file.contents()))
        #expect(fixture.service.openUploads.isEmpty)
        #expect(file.uploadedVersion == file.version)
    }

    @Test func aDamagedPartIsSentAgain() async throws {
        let fixture = try UploadFixture { call, before in call == .part(2) && before < 2 ? .damage : .answer }
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination())
        try expectArrived(file, fixture)
        #expect(fixture.service.calls.count { $0 == .part(2) } == 3)
        #expect(fixture.service.calls.count { $0 == .part(1) } == 1)
    }

    @Test func aPartWithAnotherETagIsSentAgain() async throws {
        let fixture = try UploadFixture { call, before in
            call == .part(1) && before == 0 ? .answerETag("900150983cd24fb0d6963f7d28e17f72") : .answer
        }
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination())
        try expectArrived(file, fixture)
        #expect(fixture.service.calls.count { $0 == .part(1) } == 2)
    }

    @Test func aPartThatStaysDamagedFailsTheUpload() async throws {
        let fixture = try UploadFixture {
            $0.attemptsPerPart = 2
        } script: { call, _ in
            call == .part(3) ? .answerETag("nonsense") : .answer
        }
        let (file, bytes) = try fixture.file(bytes: 11 * mebibyte)
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        #expect(error.code == .damaged)
        #expect(fixture.service.calls.count { $0 == .part(3) } == 2)
        #expect(fixture.service.aborted.count == 1)
        #expect(fixture.service.openUploads.isEmpty)
        // The data is still there, and the next attempt may find a better line.
        #expect(try Fingerprint(file.contents()) == Fingerprint(bytes))
        #expect(access(file.path.string, F_OK) == 0)
        #expect(file.uploadedVersion == nil)
    }

    @Test(arguments: [FakeUploadService.Effect.answerSize(3), .answerETag("900150983cd24fb0d6963f7d28e17f72"), .damage])
    func aWholeFileThatArrivedWrongIsSentAgain(effect: FakeUploadService.Effect) async throws {
        let fixture = try UploadFixture { _, before in before == 0 ? effect : .answer }
        let (file, _) = try fixture.file(bytes: 1_000)
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination())
        try expectArrived(file, fixture)
        #expect(fixture.service.calls == [.whole, .whole])
    }

    @Test func aWholeFileWithoutAnETagIsJudgedByItsSize() async throws {
        let fixture = try UploadFixture { _, _ in .answerETag(nil) }
        let (file, _) = try fixture.file(bytes: 1_000)
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination())
        #expect(fixture.service.calls == [.whole])
    }

    @Test(arguments: [FakeUploadService.Effect.answerSize(3), .answerETag("900150983cd24fb0d6963f7d28e17f72-3")])
    func joinedPartsThatAreWrongStartTheFileAgain(effect: FakeUploadService.Effect) async throws {
        let fixture = try UploadFixture { call, before in call == .complete && before == 0 ? effect : .answer }
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination())
        try expectArrived(file, fixture)
        #expect(fixture.service.calls.count { $0 == .begin } == 2)
        #expect(fixture.service.aborted.isEmpty)
    }

    @Test(arguments: [FakeUploadService.Call.begin, .part(2), .complete])
    func aConflictStartsTheFileAgain(at place: FakeUploadService.Call) async throws {
        let fixture = try UploadFixture { call, before in
            call == place && before == 0 ? .fail(.fake(status: 409)) : .answer
        }
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination())
        try expectArrived(file, fixture)
        #expect(fixture.service.calls.count { $0 == .begin } == 2)
        #expect(fixture.service.aborted.count == (place == .begin ? 0 : 1))
    }

    @Test func aConflictThatStaysIsFinal() async throws {
        let fixture = try UploadFixture {
            $0.attemptsPerFile = 3
        } script: { _, _ in
            .fail(.fake(status: 409))
        }
        let (file, _) = try fixture.file(bytes: 10)
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        #expect(error.code == .conflict)
        #expect(error.status == 409)
        #expect(fixture.service.calls == [.whole, .list, .whole, .list, .whole, .list])
    }

    /// The transport has repeated it already.
    @Test func anOrdinaryFailureIsFinalAtOnce() async throws {
        let fixture = try UploadFixture { call, _ in
            switch call {
            case .part(2): .fail(.fake(status: 403))
            case .part: .hang
            default: .answer
            }
        }
        let (file, bytes) = try fixture.file(bytes: 11 * mebibyte)
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        #expect(error.code == .refused)
        #expect(fixture.service.calls.count { $0 == .part(2) } == 1)
        #expect(fixture.service.calls.last == .abort)
        #expect(fixture.service.inFlight == 0)
        #expect(fixture.service.aborted.count == 1)
        #expect(try Fingerprint(file.contents()) == Fingerprint(bytes))
    }

    @Test func anAbortThatFailsDoesNotHideTheReason() async throws {
        let fixture = try UploadFixture { call, _ in
            switch call {
            case .complete: .fail(.fake(status: 403, "session is Complete"))
            case .abort: .fail(.fake(status: 500))
            default: .answer
            }
        }
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        #expect(error.code == .refused)
        #expect(error.status == 403)
    }

    @Test(
        arguments: [
            (401, .refused), (403, .refused), (404, .missing), (410, .missing), (409, .conflict), (413, .tooLarge),
            (422, .refused), (500, .serviceFailed), (503, .serviceFailed),
        ] as [(Int, UploadError.Code)]
    )
    func errorsSayWhatFailedWhereAndWhatToDo(status: Int, code: UploadError.Code) async throws {
        let fixture = try UploadFixture { _, _ in .fail(.fake(status: status, "because of the weather")) }
        let (file, _) = try fixture.file(bytes: 10)
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        #expect(error.code == code)
        #expect(error.status == status)
        for part in ["'out/bams/a.bam'", "AppResult 17", "because of the weather", file.path.string] {
            #expect(error.message.contains(part))
        }
        #expect(!error.message.contains("\n"))
    }

    @Test func aFileThatNoUploadHoldsIsRefusedBeforeAnythingIsSent() async throws {
        let fixture = try UploadFixture()
        let file = try fixture.area.makeFile(named: "huge")
        do throws(Errno) {
            try file.truncate(to: 5 << 40)
        } catch {
            // The disk of this machine can't have such a file.
            return
        }
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        #expect(error.code == .tooLarge)
        #expect(error.systemError == .fileTooLarge)
        #expect(error.message.contains("5389680640000 bytes"))
        #expect(fixture.service.calls.isEmpty)
    }

    @Test func cancellationStopsTheTransfersAndAborts() async throws {
        let fixture = try UploadFixture { call, _ in
            if case .part = call { .hang } else { .answer }
        }
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        let upload = Task {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        try await reached("all parts are in flight") { fixture.service.inFlight == 3 }
        upload.cancel()
        let error = try await failure { try await upload.value }
        #expect(error.code == .cancelled)
        #expect(fixture.service.aborted.count == 1)
        #expect(fixture.service.inFlight == 0)
        #expect(fixture.engine.activity.isEmpty)
    }

    @Test func whoIsCancelledInTheLineSendsNothing() async throws {
        let gate = Gate()
        let fixture = try UploadFixture {
            $0.concurrentRequests = 1
        } script: { _, _ in
            .wait(gate)
        }
        let (file, _) = try fixture.file(bytes: 10)
        let first = Task { try await fixture.engine.upload(file, to: UploadFixture.destination()) }
        try await reached("the first is in flight") { fixture.service.inFlight == 1 }
        let (other, _) = try fixture.file(bytes: 20)
        let second = Task {
            try await fixture.engine.upload(other, to: UploadFixture.destination("b"))
        }
        try await reached("the second waits") { fixture.engine.activity.count == 2 }
        second.cancel()
        #expect(try await failure { try await second.value }.code == .cancelled)
        gate.open()
        _ = try await first.value
        #expect(fixture.service.calls == [.whole])
    }
}

/// Files that change on their way.
@Suite(.timeLimit(.minutes(3))) struct UploadOfChangingFileTests {
    private let mebibyte = UploadFixture.mebibyte

    /// Writes to the file while the service takes a call for the first time, between the digest and the transfer.
    private func upload(
        bytes: Int,
        at place: FakeUploadService.Call,
        change: @escaping @Sendable (StagedFile) throws -> Void
    ) async throws -> (StagedFile, FakeUploadService) {
        let changing = Shared<StagedFile?>(nil)
        let fixture = try UploadFixture { call, before in
            if call == place, before == 0, let file = changing.value {
                #expect(throws: Never.self) { try change(file) }
                file.seal()
            }
            return .answer
        }
        let (file, _) = try fixture.file(bytes: bytes)
        changing.value = file
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination())
        let stored = try #require(fixture.service.files.last)
        #expect(try stored.fingerprint == Fingerprint(file.contents()))
        #expect(file.uploadedVersion == file.version)
        return (file, fixture.service)
    }

    @Test func aWholeFileIsSentAsItIsInTheEnd() async throws {
        let (_, service) = try await upload(bytes: 100, at: .whole) { try $0.write([1, 2, 3], at: 5) }
        #expect(service.calls == [.whole, .whole])
    }

    @Test func aWholeFileThatGrowsIntoPartsIsSentInParts() async throws {
        let (_, service) = try await upload(bytes: 100, at: .whole) { try $0.write([1], at: 6 << 20) }
        #expect(service.calls.contains(.complete))
    }

    @Test func onlyThePartThatChangedIsSentAgain() async throws {
        let (_, service) = try await upload(bytes: 11 * mebibyte, at: .part(3)) { try $0.write([1, 2, 3], at: 5) }
        #expect(service.calls.count { $0 == .part(1) } == 2)
        #expect(service.calls.count { $0 == .part(2) } == 1)
        #expect(service.calls.count { $0 == .begin } == 1)
    }

    @Test func aPartThatChangesUnderItsDigestIsSentAgain() async throws {
        let (_, service) = try await upload(bytes: 11 * mebibyte, at: .part(2)) { try $0.write([1], at: 6 << 20) }
        #expect(service.calls.count { $0 == .part(2) } == 2)
        #expect(service.calls.count { $0 == .begin } == 1)
    }

    @Test func aFileThatEndsBeforeAPartThatWasSentIsAnotherUpload() async throws {
        let (_, service) = try await upload(bytes: 11 * mebibyte, at: .part(1)) { try $0.truncate(to: 7 << 20) }
        #expect(service.calls.count { $0 == .begin } == 2)
        #expect(service.aborted.count == 1)
    }

    @Test func aFileThatNeverStopsChangingFails() async throws {
        let changing = Shared<StagedFile?>(nil)
        let fixture = try UploadFixture { call, _ in
            if call == .part(1), let file = changing.value {
                #expect(throws: Never.self) { try file.write([1], at: 0) }
                file.seal()
            }
            return .answer
        }
        let (file, _) = try fixture.file(bytes: 6 * mebibyte)
        changing.value = file
        let error = try await failure {
            try await fixture.engine.upload(file, to: UploadFixture.destination())
        }
        #expect(error.code == .changed)
        #expect(fixture.service.aborted.count == 1)
        #expect(fixture.service.files.isEmpty)
    }
}
