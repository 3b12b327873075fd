import BaseSpaceAPI
import Digests
import SystemPackage
import Testing

@testable import Uploads

/// The state machine alone: no file, no service, no task.
@Suite struct UploadSessionTests {
    private static let mebibyte: Int64 = 1 << 20
    private static let id: EntityID = "77"

    private func session(partsInParallel: Int = 2, attemptsPerPart: Int = 3, attemptsPerFile: Int = 2) -> UploadSession
    {
        UploadSession(
            limits: .init(
                partSize: 5 * Self.mebibyte,
                partsInParallel: partsInParallel,
                attemptsPerPart: attemptsPerPart,
                attemptsPerFile: attemptsPerFile,
                attemptsPerRequest: 3
            )
        )
    }

    /// A finished file of three parts, the last one small; version 1.
    private func threeParts() -> StagedContents {
        var file = StagedContents()
        file.write(0..<11 * Self.mebibyte)
        return file
    }

    /// A part of that file.
    private func part(_ number: Int, in size: Int64 = 11 * mebibyte) -> UploadPart {
        let layout = PartLayout(partSize: 5 * Self.mebibyte)
        return UploadPart(number: number, range: layout.range(ofPart: number, in: size))
    }

    /// The digest that stands for a part in these tests.
    private func md5(_ number: Int) -> Digest { MD5.digest(of: [UInt8(number)]) }

    private func sent(_ number: Int, version: UInt64 = 1, in size: Int64 = 11 * mebibyte) -> UploadSession.Event {
        let md5 = md5(number)
        return .partSent(part(number, in: size), etag: md5.hexadecimal, ReadContent(md5: md5, version: version))
    }

    private func joinedETag(of numbers: [Int]) -> String {
        "\(MD5.digest(of: numbers.flatMap { md5($0).bytes }).hexadecimal)-\(numbers.count)"
    }

    private func remote(size: Int64, etag: String? = nil) -> RemoteFile {
        .fake(id: Self.id, path: "a", size: size, etag: etag)
    }

    /// A session whose first two parts are in flight.
    private func begun(_ file: StagedContents, attemptsPerPart: Int = 3, attemptsPerFile: Int = 2) -> UploadSession {
        var session = session(attemptsPerPart: attemptsPerPart, attemptsPerFile: attemptsPerFile)
        _ = session.start(file: file)
        _ = session.handle(.begun(Self.id), file: file)
        return session
    }

    /// A session that waits for the reply to its completion.
    private func completing(_ file: StagedContents) -> UploadSession {
        var session = begun(file)
        for number in 1...3 { _ = session.handle(sent(number), file: file) }
        return session
    }

    @Test func sendsAFileOfOnePartWhole() {
        var file = StagedContents()
        file.write(0..<5 * Self.mebibyte)
        var session = session()
        #expect(session.start(file: file).words == ["whole \(5 * Self.mebibyte)"])
        let content = ReadContent(md5: md5(1), version: 1)
        let arrived = remote(size: 5 * Self.mebibyte, etag: md5(1).hexadecimal)
        #expect(session.handle(.wholeSent(arrived, content), file: file).words == ["finish 1"])
    }

    @Test func sendsAnEmptyFileWhole() {
        var file = StagedContents()
        file.seal()
        var session = session()
        #expect(session.start(file: file).words == ["whole 0"])
    }

    @Test func sendsPartsAsManyAsMayBeInFlight() {
        let file = threeParts()
        var session = session(partsInParallel: 2)
        #expect(session.start(file: file).words == ["begin"])
        #expect(session.handle(.begun(Self.id), file: file).words == ["part 1", "part 2"])
        #expect(session.handle(sent(2), file: file).words == ["part 3"])
        #expect(session.bytesSent == 5 * Self.mebibyte)
        #expect(session.handle(sent(3), file: file).words == [])
        #expect(session.handle(sent(1), file: file).words == ["complete"])
        #expect(session.bytesSent == file.size)
        let arrived = remote(size: file.size, etag: joinedETag(of: [1, 2, 3]))
        #expect(session.handle(.completed(arrived), file: file).words == ["finish 1"])
    }

    @Test func sendsAPartAgainWhoseETagIsAnother() {
        let file = threeParts()
        var session = begun(file)
        let wrong = UploadSession.Event.partSent(
            part(1),
            etag: md5(9).hexadecimal,
            ReadContent(md5: md5(1), version: 1)
        )
        #expect(session.handle(wrong, file: file).words == ["part 1"])
        #expect(session.bytesSent == 0)
        #expect(session.handle(wrong, file: file).words == ["part 1"])
        #expect(session.handle(wrong, file: file).words == ["cancel"])
        #expect(session.handle(.partFailed(part(2), .cancelled, version: 1), file: file).words == ["abort"])
        #expect(session.handle(.aborted(isGone: true), file: file).words == ["fail damaged"])
    }

    @Test func sendsAPartAgainThatFailsTheServersCheck() {
        let file = threeParts()
        var session = begun(file)
        let refused = UploadSession.Event.partFailed(part(1), .service(.fake(status: 400)), version: 1)
        #expect(session.handle(refused, file: file).words == ["part 1"])
        #expect(session.handle(sent(1), file: file).words == ["part 3"])
    }

    @Test func sendsAPartAgainThatChangedWhileItWasSent() {
        var file = threeParts()
        var session = begun(file)
        file.write(0..<1)
        #expect(session.handle(sent(1, version: 1), file: file).words == ["part 1"])
        #expect(session.handle(sent(2, version: 1), file: file).words == ["part 3"])
    }

    @Test func sendsPartsAgainThatChangedAfterTheyWereSent() {
        var file = threeParts()
        var session = begun(file)
        _ = session.handle(sent(1), file: file)
        _ = session.handle(sent(2), file: file)
        file.write(6 * Self.mebibyte..<7 * Self.mebibyte)
        #expect(session.handle(sent(3), file: file).words == ["part 2"])
        #expect(session.bytesSent == 6 * Self.mebibyte)
        #expect(session.handle(sent(2, version: 2), file: file).words == ["complete"])
        let arrived = remote(size: file.size)
        #expect(session.handle(.completed(arrived), file: file).words == ["finish 2"])
    }

    @Test func aPartThatNeverStopsChangingIsGivenUp() {
        var file = threeParts()
        var session = begun(file, attemptsPerPart: 2)
        _ = session.handle(sent(2), file: file)
        _ = session.handle(sent(3), file: file)
        file.write(0..<1)
        #expect(session.handle(sent(1, version: 1), file: file).words == ["part 1"])
        file.write(0..<1)
        #expect(session.handle(sent(1, version: 2), file: file).words == ["abort"])
        #expect(session.handle(.aborted(isGone: true), file: file).words == ["fail changed"])
    }

    @Test func sendsWhatWasAddedAndThePartInWhichItBegins() {
        var file = threeParts()
        var session = begun(file)
        _ = session.handle(sent(1), file: file)
        _ = session.handle(sent(2), file: file)
        let size = 17 * Self.mebibyte
        file.write(11 * Self.mebibyte..<size)
        #expect(session.handle(sent(3), file: file).words == ["part 3", "part 4"])
        _ = session.handle(sent(3, version: 2, in: size), file: file)
        #expect(session.handle(sent(4, version: 2, in: size), file: file).words == ["complete"])
        let arrived = remote(size: size, etag: joinedETag(of: [1, 2, 3, 4]))
        #expect(session.handle(.completed(arrived), file: file).words == ["finish 2"])
    }

    @Test func sendsTheLastPartAgainWhenTheFileEndsInIt() {
        var file = threeParts()
        var session = begun(file)
        for number in 1...2 { _ = session.handle(sent(number), file: file) }
        file.truncate(to: 10 * Self.mebibyte + 1)
        #expect(session.handle(sent(3), file: file).words == ["part 3"])
        let size = 10 * Self.mebibyte + 1
        #expect(session.handle(sent(3, version: 2, in: size), file: file).words == ["complete"])
        #expect(session.bytesSent == size)
    }

    @Test func startsAgainWhenItBecomesShorterThanAPartInFlight() {
        var file = threeParts()
        var session = begun(file)
        file.truncate(to: 1)
        #expect(session.handle(.partFailed(part(2), .unreadable(.ioError), version: 1), file: file).words == ["cancel"])
        #expect(session.handle(.partFailed(part(1), .cancelled, version: 1), file: file).words == ["abort"])
        #expect(session.handle(.aborted(isGone: true), file: file).words == ["restart changed"])
        #expect(session.start(file: file).words == ["whole 1"])
    }

    @Test func startsAgainOnAConflictUntilItsAttemptsAreUsedUp() {
        let file = threeParts()
        var session = session(attemptsPerFile: 2)
        let conflict = UploadSession.Event.failed(.service(.fake(status: 409)))
        _ = session.start(file: file)
        #expect(session.handle(conflict, file: file).words == ["restart service"])
        _ = session.start(file: file)
        #expect(session.handle(conflict, file: file).words == ["fail service"])
    }

    @Test func aPartsConflictStartsTheFileAgain() {
        let file = threeParts()
        var session = begun(file)
        let conflict = UploadSession.Event.partFailed(part(1), .service(.fake(status: 409)), version: 1)
        #expect(session.handle(conflict, file: file).words == ["cancel"])
        #expect(session.handle(.partFailed(part(2), .cancelled, version: 1), file: file).words == ["abort"])
        #expect(session.handle(.aborted(isGone: true), file: file).words == ["restart service"])
    }

    @Test func waitsForItsRequestsBeforeItAborts() {
        let file = threeParts()
        var session = begun(file)
        let failed = UploadSession.Event.partFailed(part(1), .service(.fake(status: 403)), version: 1)
        #expect(session.handle(failed, file: file).words == ["cancel"])
        // The other one arrives all the same.
        #expect(session.handle(sent(2), file: file).words == ["abort"])
        #expect(session.handle(.aborted(isGone: true), file: file).words == ["fail service"])
    }

    @Test func aRefusedCompletionAborts() {
        let file = threeParts()
        var session = completing(file)
        #expect(session.handle(.failed(.service(.fake(status: 403))), file: file).words == ["abort"])
        #expect(session.handle(.aborted(isGone: true), file: file).words == ["fail service"])
    }

    @Test func aCompletionThatFailedLeavesThePartsWhereTheyAre() {
        let file = threeParts()
        var session = completing(file)
        #expect(session.handle(.failed(.service(.fake(status: 503))), file: file).words == ["inspect"])
        var open = remote(size: 0)
        open.uploadStatus = .pending
        let actions = session.handle(.inspected(open), file: file)
        #expect(actions.words == ["fail service"])
        #expect(actions.notes == [])
    }

    /// A part that arrives while the attempt ends need not be sent by the next one.
    @Test func aPartThatFailedLeavesTheOthersWhereTheyAre() {
        let file = threeParts()
        var session = begun(file)
        let failed = UploadSession.Event.partFailed(part(1), .service(.fakeStall), version: 1)
        #expect(session.handle(failed, file: file).words == ["cancel"])
        let actions = session.handle(sent(2), file: file)
        #expect(actions.words == ["fail service"])
        #expect(actions.notes == [.sent(2, md5: md5(2).hexadecimal)])
    }

    @Test func aPartIsRememberedBeforeItIsSentForTheFirstTime() {
        let file = threeParts()
        var session = session(partsInParallel: 2)
        _ = session.start(file: file)
        let actions = session.handle(.begun(Self.id), file: file)
        #expect(actions.notes.dropFirst() == [.sending(1), .sending(2)])
        let refused = UploadSession.Event.partFailed(part(1), .service(.fake(status: 400)), version: 1)
        #expect(session.handle(refused, file: file).notes == [])
    }

    @Test(arguments: [(10, nil), (11, "900150983cd24fb0d6963f7d28e17f72-3")] as [(Int64, String?)])
    func startsAgainWithoutAbortingWhenWhatWasJoinedIsWrong(mebibytes: Int64, etag: String?) {
        let file = threeParts()
        var session = completing(file)
        let wrong = remote(size: mebibytes * Self.mebibyte, etag: etag)
        #expect(session.handle(.completed(wrong), file: file).words == ["restart damaged"])
        #expect(session.start(file: file).words == ["begin"])
    }

    /// Parts that the service joined in its own way, and an ETag that is no MD5.
    @Test(arguments: ["900150983cd24fb0d6963f7d28e17f72-2", "900150983cd24fb0d6963f7d28e17f72", "opaque"])
    func anETagThatIsNotOfOurPartsProvesNothing(etag: String) {
        let file = threeParts()
        var session = completing(file)
        let arrived = remote(size: file.size, etag: etag)
        #expect(session.handle(.completed(arrived), file: file).words == ["finish 1"])
    }

    @Test func aChangeDuringTheCompletionBelongsToTheNextUpload() {
        var file = threeParts()
        var session = completing(file)
        file.write(0..<1)
        #expect(session.handle(.completed(remote(size: file.size)), file: file).words == ["finish 1"])
    }

    @Test func aWholeFileThatChangedIsSentAgain() {
        var file = StagedContents()
        file.write(0..<10)
        var session = session()
        _ = session.start(file: file)
        file.write(0..<1)
        let content = ReadContent(md5: md5(1), version: 1)
        let arrived = remote(size: 10, etag: md5(1).hexadecimal)
        #expect(session.handle(.wholeSent(arrived, content), file: file).words == ["restart changed"])
    }

    @Test func aBeginningThatComesTooLateIsAborted() {
        var file = threeParts()
        var session = session()
        _ = session.start(file: file)
        file.truncate(to: 0)
        #expect(session.handle(.begun(Self.id), file: file).words == ["abort"])
        #expect(session.handle(.aborted(isGone: true), file: file).words == ["restart changed"])
    }

    @Test func aFileThatIsTooLargeForTenThousandPartsIsNotBegun() {
        var file = StagedContents()
        file.truncate(to: 6 << 40)
        var session = session()
        #expect(session.start(file: file).words == ["fail too large"])
    }
}
