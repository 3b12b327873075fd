import BaseSpaceAPI
import Digests
import SystemPackage
import Testing

@testable import Uploads

/// The state machine with a file that is still written.
@Suite struct UploadSessionStreamingTests {
    private static let mebibyte: Int64 = 1 << 20
    private static let id: EntityID = "77"
    private static let limits = UploadSession.Limits(
        partSize: 5 * mebibyte,
        partsInParallel: 2,
        attemptsPerPart: 2,
        attemptsPerFile: 2,
        attemptsPerRequest: 3
    )

    private func sent(_ number: Int, version: UInt64, in size: Int64) -> UploadSession.Event {
        let range = PartLayout(partSize: 5 * Self.mebibyte).range(ofPart: number, in: size)
        let md5 = MD5.digest(of: [UInt8(number)])
        return .partSent(
            UploadPart(number: number, range: range),
            etag: md5.hexadecimal,
            ReadContent(md5: md5, version: version)
        )
    }

    /// An unfinished file of some mebibytes, written in one go; version 1.
    private func growing(_ mebibytes: Int64) -> StagedContents {
        var file = StagedContents()
        file.wrote(0..<mebibytes * Self.mebibyte)
        return file
    }

    private func begun(_ file: StagedContents) -> UploadSession {
        var session = UploadSession(limits: Self.limits)
        _ = session.start(file: file)
        _ = session.handle(.begun(Self.id), file: file)
        return session
    }

    @Test func waitsUntilItIsKnownHowTheFileTravels() {
        var file = growing(5)
        var session = UploadSession(limits: Self.limits)
        #expect(session.start(file: file).words == ["await 5242881 or 0"])
        file.wrote(file.size..<file.size + 1)
        #expect(session.handle(.grew, file: file).words == ["begin"])
    }

    @Test func aSmallFileIsSentWholeWhenItIsSealed() {
        var file = growing(1)
        var session = UploadSession(limits: Self.limits)
        _ = session.start(file: file)
        file.seal()
        let actions = session.handle(.grew, file: file)
        #expect(actions.words == ["whole 1048576"])
        #expect(actions.notes == [.sendingWhole])
    }

    /// Space that was allocated, or what lies behind a hole, says nothing about what will be there.
    @Test func onlyWhatWasWrittenInOneGoCounts() {
        var file = StagedContents()
        file.truncated(to: 100 * Self.mebibyte)
        var session = UploadSession(limits: Self.limits)
        #expect(session.start(file: file).words == ["await 5242881 or 0"])
    }

    @Test func sendsWhatIsBelowTheFrontierAndWaitsForMore() {
        var file = growing(8)
        var session = UploadSession(limits: Self.limits)
        _ = session.start(file: file)
        let actions = session.handle(.begun(Self.id), file: file)
        #expect(actions.words == ["part 1", "await 10485760 or 1"])
        #expect(actions.notes == [.began(Self.id, partSize: 5 * Self.mebibyte), .sending(1)])
        file.wrote(file.size..<10 * Self.mebibyte)
        #expect(session.handle(.grew, file: file).words == ["part 2"])
        // One in flight is missing, and nobody waits.
        #expect(session.handle(sent(1, version: 1, in: file.size), file: file).words == ["await 15728640 or 5242881"])
        file.seal()
        #expect(session.handle(.grew, file: file).words == [])
        #expect(session.handle(sent(2, version: 2, in: file.size), file: file).words == ["complete"])
    }

    @Test func sendsNothingAgainBeforeTheFileIsSealed() {
        var file = growing(6)
        var session = begun(file)
        file.wrote(0..<1)
        #expect(session.handle(sent(1, version: 1, in: file.size), file: file).words == [])
        file.wrote(0..<1)
        file.seal()
        #expect(session.handle(.grew, file: file).words == ["part 1", "part 2"])
        #expect(session.handle(sent(2, version: 3, in: file.size), file: file).words == [])
        #expect(session.handle(sent(1, version: 3, in: file.size), file: file).words == ["complete"])
    }

    @Test func aPartThatArrivedDamagedIsSentAgainAtOnce() {
        let file = growing(6)
        var session = begun(file)
        let part = UploadPart(number: 1, range: 0..<5 * Self.mebibyte)
        let refused = UploadSession.Event.partFailed(part, .service(.fake(status: 400)), version: 1)
        #expect(session.handle(refused, file: file).words == ["part 1"])
    }

    /// Read for a shorter file, and after it had grown: the version alone would not tell.
    @Test func aPartThatWasReadTooShortIsStale() {
        var file = growing(6)
        file.seal()
        var session = begun(file)
        _ = session.handle(sent(1, version: 1, in: file.size), file: file)
        let size = file.size
        file.wrote(size..<size + Self.mebibyte)
        file.seal()
        #expect(session.handle(sent(2, version: 2, in: size), file: file).words == ["part 2"])
    }

    @Test func endsWhenTheFileEndsBeforeAPartThatWasSent() {
        var file = growing(11)
        var session = begun(file)
        _ = session.handle(sent(1, version: 1, in: file.size), file: file)
        _ = session.handle(sent(2, version: 1, in: file.size), file: file)
        file.truncated(to: 5 * Self.mebibyte)
        #expect(session.handle(.grew, file: file).words == ["abort"])
        #expect(session.handle(.aborted(isGone: true), file: file).words == ["restart changed"])
        #expect(session.start(file: file).words == ["await 5242881 or 0"])
    }

    @Test func aCancelledWaitEndsTheUpload() {
        let file = growing(6)
        var session = begun(file)
        #expect(session.handle(.failed(.cancelled), file: file).words == ["cancel"])
        #expect(session.handle(sent(1, version: 1, in: file.size), file: file).words == ["abort"])
        let actions = session.handle(.aborted(isGone: true), file: file)
        #expect(actions.words == ["fail cancelled"])
        #expect(actions.notes == [.abandoned])
    }
}
