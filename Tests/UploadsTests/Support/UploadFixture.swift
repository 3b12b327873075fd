import BaseSpaceAPI
import HTTPTransport
import Logging
import TestSupport
import Uploads

/// An engine, a fake service behind it, and a place for files.
struct UploadFixture: Sendable {
    static let mebibyte = 1 << 20

    let service: FakeUploadService
    let engine: UploadEngine
    let area: StagingArea
    private let temporary: TemporaryDirectory

    init(script: @escaping FakeUploadService.Script = { _, _ in .answer }) throws {
        try self.init(configure: { _ in }, script: script)
    }

    init(
        configure: (inout UploadEngine.Configuration) -> Void,
        script: @escaping FakeUploadService.Script
    ) throws {
        var configuration = UploadEngine.Configuration()
        configuration.partSize = 5 << 20
        configuration.retries.firstCeiling = .zero
        configure(&configuration)
        service = FakeUploadService(script)
        var logger = Logger(label: "uploads.test")
        logger.logLevel = .critical
        engine = UploadEngine(service: service, configuration: configuration, logger: logger)
        (area, temporary) = try StagingArea.temporary()
    }

    /// A staged file of `count` bytes, different for each seed.
    func file(bytes count: Int, seed: UInt64 = 1) throws -> (file: StagedFile, bytes: [UInt8]) {
        var random = SeededGenerator(seed: seed)
        let bytes = random.bytes(count)
        let file = try area.makeFile(named: "a.bam")
        try file.write(bytes, at: 0)
        return (file, bytes)
    }

    static func destination(_ name: String = "a.bam") -> UploadDestination {
        UploadDestination(container: .appResult("17"), directory: "out/bams", name: name)
    }
}

extension UploadEngine {
    /// Uploads a file that is finished, without a record of earlier attempts.
    func upload(_ file: StagedFile, to destination: UploadDestination) async throws(UploadError) -> RemoteFile {
        file.seal()
        return try await upload(file, to: destination, record: Remembered())
    }
}
