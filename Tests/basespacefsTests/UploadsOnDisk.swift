import BaseSpaceAPI
import Foundation
import Logging
import SystemPackage
import TestSupport
import Uploads

/// Staged files and their journal as a mount has them, or left them once it was `close`d.
final class UploadsOnDisk: Sendable {
    private let owner: TemporaryDirectory
    let area: StagingArea
    let journal: Journal

    init() throws {
        owner = try TemporaryDirectory(prefix: "uploads")
        area = try StagingArea(directory: owner.file("basespacefs").appending("staged"))
        let quiet = Logger(label: "journal") { _ in SwiftLogNoOpLogHandler() }
        journal = try Journal(directory: owner.file("basespacefs"), account: "https://one 1", logger: quiet)
    }

    /// A staged file, and what the journal knows of it.
    func file(
        _ path: String,
        in container: FileContainer = .appResult("17"),
        bytes: Int = 3,
        _ state: JournalState
    ) throws -> JournalFile {
        let (staged, file) = try journal.stage(in: area, for: container, path: path, permissions: 0o644)
        try [UInt8](repeating: 7, count: bytes).withUnsafeBytes { _ = try staged.write($0, at: 0) }
        file.setState(state)
        return file
    }

    func exists(_ file: JournalFile) -> Bool {
        FileManager.default.fileExists(atPath: area.directory.appending(file.serial).string)
    }

    var environment: [String: String] { ["XDG_STATE_HOME": owner.path.string] }

    /// `basespacefs uploads`, as this user.
    func run(_ arguments: String...) async throws -> ShellResult {
        try await Shell.run(
            [BuiltProducts.path(of: "basespacefs"), "uploads"] + arguments,
            environment: environment
        )
    }

    /// The states of all files, by their paths.
    func states() async throws -> [String: String] {
        let uploads = try await report()
        return Dictionary(
            uniqueKeysWithValues: uploads.map { ($0["path"] as? String ?? "", $0["state"] as? String ?? "") }
        )
    }

    func report() async throws -> [[String: any Sendable]] {
        let output = Data(try await run("list", "--json").output.utf8)
        let object = try JSONSerialization.jsonObject(with: output) as? [String: Any]
        return object?["uploads"] as? [[String: any Sendable]] ?? []
    }
}
