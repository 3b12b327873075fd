import BaseSpaceAPI
import SystemPackage
import TestSupport
import Testing
import Uploads

/// What arrives at the service when nothing goes wrong.
@Suite(.timeLimit(.minutes(3))) struct UploadEngineTests {
    private let mebibyte = UploadFixture.mebibyte

    @Test(arguments: [1, 4_097, 5 << 20])
    func aFileOfAtMostOnePartIsOneRequest(count: Int) async throws {
        let fixture = try UploadFixture()
        let (file, bytes) = try fixture.file(bytes: count)
        let remote = try await fixture.engine.upload(file, to: UploadFixture.destination())
        #expect(fixture.service.calls == [.whole])
        let stored = try #require(fixture.service.files.first)
        #expect(stored.fingerprint == Fingerprint(bytes))
        #expect(stored.path == "out/bams/a.bam")
        #expect(stored.contentType == "application/octet-stream")
        #expect(stored.container == .appResult("17"))
        #expect(remote.size == Int64(count))
        #expect(file.uploadedVersion == file.version)
    }

    @Test func anEmptyFileIsAnEmptyRequest() async throws {
        let fixture = try UploadFixture()
        let file = try fixture.area.makeFile(named: "empty")
        let remote = try await fixture.engine.upload(file, to: UploadFixture.destination())
        #expect(remote.size == 0)
        #expect(fixture.service.calls == [.whole])
        #expect(fixture.service.files.map(\.bytes) == [[]])
        #expect(file.uploadedVersion == 0)
    }

    @Test func aLargerFileIsSentInParts() async throws {
        let fixture = try UploadFixture()
        let (file, bytes) = try fixture.file(bytes: 17 * mebibyte - 3)
        let remote = try await fixture.engine.upload(file, to: UploadFixture.destination())
        let stored = try #require(fixture.service.files.first)
        #expect(stored.fingerprint == Fingerprint(bytes))
        #expect(stored.partSizes == [5 * mebibyte, 5 * mebibyte, 5 * mebibyte, 2 * mebibyte - 3])
        #expect(remote.size == Int64(bytes.count))
        #expect(remote.etag?.hasSuffix("-4") == true)
        #expect(fixture.service.calls.count { $0 == .complete } == 1)
        #expect(fixture.service.openUploads.isEmpty)
        #expect(file.uploadedVersion == file.version)
    }

    @Test func holesAreSentAsZeros() async throws {
        let fixture = try UploadFixture()
        let file = try fixture.area.makeFile(named: "sparse")
        try file.write([1], at: Int64(11 * mebibyte))
        _ = try await fixture.engine.upload(file, to: UploadFixture.destination())
        let stored = try #require(fixture.service.files.first)
        #expect(stored.fingerprint == Fingerprint([UInt8](repeating: 0, count: 11 * mebibyte) + [1]))
    }

    @Test func aRemovedFileIsUploadedToItsEnd() async throws {
        let gate = Gate()
        let fixture = try UploadFixture { _, _ in .wait(gate) }
        let (file, bytes) = try fixture.file(bytes: 1_000)
        let upload = Task { try await fixture.engine.upload(file, to: UploadFixture.destination()) }
        try await reached("the request is there") { fixture.service.inFlight == 1 }
        file.remove()
        gate.open()
        _ = try await upload.value
        #expect(fixture.service.files.first?.fingerprint == Fingerprint(bytes))
    }

    @Test func partsOfOneFileRunInParallelUpToTheirBound() async throws {
        let gates = (1...6).map { _ in Gate() }
        let fixture = try UploadFixture {
            $0.partsInParallel = 3
            $0.concurrentRequests = 8
        } script: { call, _ in
            if case .part(let number) = call { .wait(gates[number - 1]) } else { .answer }
        }
        let (file, bytes) = try fixture.file(bytes: 30 * mebibyte)
        let upload = Task { try await fixture.engine.upload(file, to: UploadFixture.destination()) }
        try await reached("three parts are in flight") { fixture.service.inFlight == 3 }
        #expect(Set(fixture.service.calls) == [.begin, .part(1), .part(2), .part(3)])
        for gate in gates.reversed() { gate.open() }
        _ = try await upload.value
        #expect(fixture.service.peakInFlight == 3)
        #expect(fixture.service.files.first?.fingerprint == Fingerprint(bytes))
    }

    @Test func allFilesTogetherStayWithinTheBoundOnRequests() async throws {
        let gate = Gate()
        let fixture = try UploadFixture {
            $0.concurrentRequests = 2
        } script: { call, _ in
            call == .whole ? .wait(gate) : .answer
        }
        let uploads = try (0..<20).map { number in
            let (file, _) = try fixture.file(bytes: 100 + number, seed: UInt64(number))
            let destination = UploadFixture.destination("\(number).bam")
            return Task { try await fixture.engine.upload(file, to: destination) }
        }
        try await reached("all have begun") { fixture.engine.activity.count == 20 }
        try await reached("two requests are in flight") { fixture.service.inFlight == 2 }
        gate.open()
        for upload in uploads { _ = try await upload.value }
        #expect(fixture.service.peakInFlight == 2)
        #expect(Set(fixture.service.files.map(\.bytes.count)) == Set(100..<120))
    }
}

/// Who looks at the engine, and who waits for it.
@Suite(.timeLimit(.minutes(3))) struct UploadActivityTests {
    private let mebibyte = UploadFixture.mebibyte

    @Test func showsHowFarAFileIs() async throws {
        let gate = Gate()
        let fixture = try UploadFixture { call, _ in call == .part(2) ? .wait(gate) : .answer }
        let (file, _) = try fixture.file(bytes: 11 * mebibyte)
        let destination = UploadFixture.destination()
        #expect(fixture.engine.activity.isEmpty)
        let upload = Task { try await fixture.engine.upload(file, to: destination) }
        try await reached("parts 1 and 3 are there") {
            fixture.engine.activity.first?.bytesSent == Int64(6 * mebibyte)
        }
        let activity = try #require(fixture.engine.activity.first)
        #expect(activity.destination == destination)
        #expect(activity.bytesTotal == Int64(11 * mebibyte))
        #expect(activity.started.seconds > 1_600_000_000)
        gate.open()
        _ = try await upload.value
        #expect(fixture.engine.activity.isEmpty)
    }

    @Test func idleIsWhenTheLastFileIsDone() async throws {
        let gates = [Gate(), Gate()]
        let fixture = try UploadFixture { _, before in .wait(gates[before]) }
        try await fixture.engine.waitUntilIdle()
        let uploads = try (0..<2).map { _ in
            let (file, _) = try fixture.file(bytes: 10)
            return Task { try await fixture.engine.upload(file, to: UploadFixture.destination()) }
        }
        try await reached("both are in flight") { fixture.service.inFlight == 2 }
        let idle = Task {
            try await fixture.engine.waitUntilIdle()
            return fixture.engine.activity.count
        }
        gates[0].open()
        try await reached("one is done") { fixture.engine.activity.count == 1 }
        gates[1].open()
        for upload in uploads { _ = try await upload.value }
        #expect(try await idle.value == 0)
    }

    @Test func waitingForIdlenessCanBeCancelled() async throws {
        let fixture = try UploadFixture { _, _ in .hang }
        let (file, _) = try fixture.file(bytes: 10)
        let upload = Task { try await fixture.engine.upload(file, to: UploadFixture.destination()) }
        try await reached("it is in flight") { fixture.service.inFlight == 1 }
        let idle = Task { try await fixture.engine.waitUntilIdle() }
        idle.cancel()
        await #expect(throws: CancellationError.self) { try await idle.value }
        #expect(fixture.engine.activity.count == 1)
        upload.cancel()
        _ = await upload.result
        try await fixture.engine.waitUntilIdle()
    }
}
