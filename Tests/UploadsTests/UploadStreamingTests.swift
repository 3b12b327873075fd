import BaseSpaceAPI
import SystemPackage
import TestSupport
import Testing
import Uploads

/// Files that are uploaded while they are written.
@Suite(.timeLimit(.minutes(3))) struct UploadStreamingTests {
    private let mebibyte = UploadFixture.mebibyte

    private func upload(
        _ file: StagedFile,
        _ fixture: UploadFixture,
        record: Remembered = Remembered()
    ) -> Task<RemoteFile, any Error> {
        Task { try await fixture.engine.upload(file, to: UploadFixture.destination(), record: record) }
    }

    private func expectArrived(_ file: StagedFile, _ fixture: UploadFixture) throws {
        #expect(fixture.service.files.count == 1)
        #expect(try fixture.service.files.first?.fingerprint == Fingerprint(file.contents()))
        #expect(fixture.service.openUploads.isEmpty)
        #expect(file.uploadedVersion == file.version)
    }

    @Test func partsAreSentBeforeTheFileIsWhole() async throws {
        let fixture = try UploadFixture()
        let (file, _) = try fixture.file(bytes: 5 * mebibyte + 1)
        let upload = upload(file, fixture)
        try await reached("the first part is there") { fixture.engine.activity.first?.bytesSent == 5 << 20 }
        #expect(fixture.service.calls == [.begin, .part(1)])
        try file.write([UInt8](repeating: 7, count: 10 * mebibyte), at: file.size)
        try await reached("two more are there") { fixture.engine.activity.first?.bytesSent == 15 << 20 }
        #expect(!fixture.service.calls.contains(.complete))
        file.seal()
        _ = try await upload.value
        try expectArrived(file, fixture)
        #expect(fixture.service.bytesReceived == 15 * mebibyte + 1)
    }

    @Test func aSequentialWritersBytesAreSentOnce() async throws {
        let fixture = try UploadFixture()
        let file = try fixture.area.makeFile(named: "a.bam")
        let upload = upload(file, fixture)
        var random = SeededGenerator(seed: 5)
        let piece = random.bytes(128 << 10)
        for index in 0..<250 {
            try file.write(piece, at: Int64(index * piece.count))
            await Task.yield()
        }
        file.seal()
        _ = try await upload.value
        try expectArrived(file, fixture)
        #expect(Int64(fixture.service.bytesReceived) == file.size)
    }

    @Test func aSmallFileIsOneRequestWhenItIsSealed() async throws {
        let fixture = try UploadFixture()
        let (file, _) = try fixture.file(bytes: 100)
        let upload = upload(file, fixture)
        try await reached("it waits") { fixture.engine.activity.count == 1 }
        try file.write([1], at: 100)
        file.seal()
        _ = try await upload.value
        #expect(fixture.service.calls == [.whole])
        try expectArrived(file, fixture)
    }

    /// A hole may be filled yet.
    @Test func whatLiesBehindAHoleIsSentAtTheEnd() async throws {
        let fixture = try UploadFixture()
        let (file, _) = try fixture.file(bytes: 6 * mebibyte)
        try file.write([1], at: 20 << 20)
        let upload = upload(file, fixture)
        try await reached("the first part is there") { fixture.engine.activity.first?.bytesSent == 5 << 20 }
        try file.write([2], at: 9 << 20)
        file.seal()
        _ = try await upload.value
        try expectArrived(file, fixture)
        #expect(Int64(fixture.service.bytesReceived) == file.size)
    }

    @Test func aPatchedHeaderIsSentAgainOnceTheFileIsSealed() async throws {
        let fixture = try UploadFixture()
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        let upload = upload(file, fixture)
        try await reached("two parts are there") { fixture.engine.activity.first?.bytesSent == 10 << 20 }
        try file.write([1, 2, 3], at: 0)
        try file.write([4, 5, 6], at: 8)
        try file.write([UInt8](repeating: 7, count: 5 * mebibyte), at: file.size)
        try await reached("the third part is there") { fixture.engine.activity.first?.bytesSent == 15 << 20 }
        #expect(fixture.service.calls.count { $0 == .part(1) } == 1)
        file.seal()
        _ = try await upload.value
        try expectArrived(file, fixture)
        #expect(fixture.service.calls.count { $0 == .part(1) } == 2)
        #expect(fixture.service.calls.count { $0 == .part(2) } == 1)
        #expect(fixture.service.calls.count { $0 == .begin } == 1)
    }

    @Test func aFileThatGrowsAfterItWasSealedGoesOn() async throws {
        let gate = Gate()
        let fixture = try UploadFixture { call, before in call == .part(3) && before == 0 ? .wait(gate) : .answer }
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        file.seal()
        let upload = upload(file, fixture)
        try await reached("the last part is in flight") {
            fixture.service.calls.contains(.part(3)) && fixture.engine.activity.first?.bytesSent == 10 << 20
        }
        try file.write([UInt8](repeating: 7, count: 8 * mebibyte), at: file.size)
        gate.open()
        try await reached("the third part is there again") { fixture.service.calls.contains(.part(3)) }
        #expect(!fixture.service.calls.contains(.complete))
        file.seal()
        _ = try await upload.value
        try expectArrived(file, fixture)
        #expect(fixture.service.calls.count { $0 == .begin } == 1)
        #expect(fixture.service.calls.count { $0 == .part(1) } == 1)
    }

    @Test func aFileThatIsCutUnderASentPartIsStartedAgain() async throws {
        let fixture = try UploadFixture()
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        let upload = upload(file, fixture)
        try await reached("two parts are there") { fixture.engine.activity.first?.bytesSent == 10 << 20 }
        try file.truncate(to: 3 << 20)
        try await reached("it is given up") { fixture.service.aborted.count == 1 }
        file.seal()
        _ = try await upload.value
        try expectArrived(file, fixture)
        #expect(fixture.service.calls.last == .whole)
    }

    /// A program that empties its file again and again before it has finished is not the upload's failure.
    @Test func startingAgainForAWriterIsNotCounted() async throws {
        let fixture = try UploadFixture {
            $0.attemptsPerFile = 1
        } script: { _, _ in
            .answer
        }
        let (file, bytes) = try fixture.file(bytes: 6 * mebibyte)
        let upload = upload(file, fixture)
        for round in 1...4 {
            try await reached("a part is there") { fixture.engine.activity.first?.bytesSent == 5 << 20 }
            try file.truncate(to: 0)
            try await reached("it is given up") { fixture.service.aborted.count == round }
            try file.write(bytes, at: 0)
        }
        file.seal()
        _ = try await upload.value
        try expectArrived(file, fixture)
    }

    @Test func whoIsCancelledWhileItStreamsAborts() async throws {
        let fixture = try UploadFixture()
        let (file, _) = try fixture.file(bytes: 6 * mebibyte)
        let record = Remembered()
        let upload = upload(file, fixture, record: record)
        try await reached("a part is there") { fixture.engine.activity.first?.bytesSent == 5 << 20 }
        upload.cancel()
        #expect(try await failure { try await upload.value }.code == .cancelled)
        #expect(fixture.service.openUploads.isEmpty)
        #expect(fixture.service.aborted.count == 1)
        #expect(record.notes.last == .abandoned)
        #expect(record.progress == .none)
        #expect(fixture.engine.activity.isEmpty)
    }

    @Test func whoIsCancelledWhileItWaitsSendsNothing() async throws {
        let fixture = try UploadFixture()
        let (file, _) = try fixture.file(bytes: 100)
        let upload = upload(file, fixture)
        try await reached("it waits") { fixture.engine.activity.count == 1 }
        upload.cancel()
        #expect(try await failure { try await upload.value }.code == .cancelled)
        #expect(fixture.service.calls.isEmpty)
    }

    @Test func aSmallFileWaitsForOnePartOfALargeOneOnly() async throws {
        let gates = (1...6).map { _ in Gate() }
        let fixture = try UploadFixture {
            $0.partsInParallel = 6
            $0.concurrentRequests = 1
        } script: { call, _ in
            if case .part(let number) = call { .wait(gates[number - 1]) } else { .answer }
        }
        let (large, _) = try fixture.file(bytes: 30 * mebibyte)
        large.seal()
        let upload = upload(large, fixture)
        try await reached("a part is in flight") { fixture.service.inFlight == 1 }
        let (small, _) = try fixture.file(bytes: 10, seed: 2)
        let other = Task { try await fixture.engine.upload(small, to: UploadFixture.destination("small")) }
        try await reached("both are on their way") { fixture.engine.activity.count == 2 }
        gates.forEach { $0.open() }
        _ = try await (upload.value, other.value)
        let place = try #require(fixture.service.calls.firstIndex(of: .whole))
        #expect(place <= 3)
    }
}
