import BaseSpaceAPI
import Foundation
import Logging
import SystemPackage
import TestSupport

@testable import Uploads

/// A state directory with staged files and journals on it; each journal is a mount.
struct JournalFixture: Sendable {
    static let account = "https://api.example.com 7"
    static let container = FileContainer.appResult("17")

    let directory: FilePath
    let area: StagingArea
    let log = LogLines()
    private let temporary: TemporaryDirectory?

    init() throws {
        let temporary = try TemporaryDirectory(prefix: "journal")
        try self.init(directory: temporary.path, keeping: temporary)
    }

    init(directory: FilePath, keeping temporary: TemporaryDirectory? = nil) throws {
        self.directory = directory
        self.temporary = temporary
        area = try StagingArea(directory: directory.appending("staged"))
    }

    func journal(account: String = Self.account, boot: String = BootID.current) throws(UploadError) -> Journal {
        try Journal(directory: directory, account: account, boot: boot, logger: log.logger)
    }

    func control() throws(UploadError) -> JournalControl { try JournalControl(directory: directory) }

    /// A staged file of some bytes, and its place in the journal.
    func file(_ path: String = "out/a.bam", bytes: Int = 5, in journal: Journal) throws -> JournalFile {
        let (staged, file) = try journal.stage(in: area, for: Self.container, path: path, permissions: 0o640)
        try staged.write([UInt8](repeating: 7, count: bytes), at: 0)
        return file
    }

    func staged(_ file: JournalFile) -> FilePath { area.directory.appending(file.serial) }

    func exists(_ file: JournalFile) -> Bool { FileManager.default.fileExists(atPath: staged(file).string) }

    func entry(_ file: JournalFile) throws -> JournalEntry? {
        try control().entries().first { $0.serial == file.serial }
    }

    /// The size of the write-ahead log: it grows with each commit that changes something.
    var logSize: Int { size(of: "journal.sqlite-wal") }

    private func size(of name: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: directory.appending(name).string)
        return (attributes?[.size] as? Int) ?? 0
    }
}
