import ArgumentParser
import BaseSpaceAPI
import FoundationEssentials
import Uploads

extension UploadsCommand {
    /// `basespacefs uploads list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Show the files that are not uploaded, or not wholly, and what becomes of them."
        )

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let entries = try UploadsCommand.journal().entries()
            try UploadsReport(entries, now: Timestamp.now).print(asJSON: json)
        }
    }
}

/// What `uploads list` tells.
struct UploadsReport: Report {
    /// What is known of a staged file.
    struct Upload: Encodable {
        var id: String
        /// The name of its file in the staging area.
        var serial: String
        /// One word.
        var state: String
        var account: String?
        var container: String?
        var containerID: String?
        var path: String
        /// Bytes of the file.
        var size: Int64
        /// Bytes that are at the service.
        var sent: Int64
        var created: Date
        var error: String?
        /// Whether a mount that lives answers for it.
        var mounted: Bool

        /// Seconds since it was made.
        fileprivate var age: Int64
        fileprivate var place: String
        fileprivate var words: String

        private enum CodingKeys: CodingKey {
            case id, serial, state, account, container, containerID, path, size, sent, created, error, mounted
        }
    }

    var uploads: [Upload]

    init(_ entries: [JournalEntry], now: Timestamp) {
        let selection = UploadSelection(entries: entries)
        uploads = entries.map { Upload($0, id: selection.id(of: $0), now: now) }
    }

    var text: String {
        guard !uploads.isEmpty else { return "No file waits for its upload." }
        let head = Self.line("SENT", "OF", "AGE", "ID", "STATE", "PLACE", idWidth: idWidth)
        return ([head] + uploads.flatMap(lines)).joined(separator: "\n")
    }

    private var idWidth: Int { uploads.map(\.id.count).max() ?? 0 }

    private func lines(of upload: Upload) -> [String] {
        let line = Self.line(
            ByteSize(bytes: upload.sent).approximate,
            ByteSize(bytes: upload.size).approximate,
            Self.age(upload.age),
            upload.id,
            upload.words,
            accounts > 1 ? "\(upload.place) (\(upload.account ?? "?"))" : upload.place,
            idWidth: idWidth
        )
        return [line] + (upload.error.map { ["    \($0)"] } ?? [])
    }

    private var accounts: Int { Set(uploads.compactMap(\.account)).count }

    private static func line(
        _ sent: String,
        _ size: String,
        _ age: String,
        _ id: String,
        _ state: String,
        _ place: String,
        idWidth: Int
    ) -> String {
        [
            sent.padded(to: 12), size.padded(to: 12), age.padded(to: 7), " " + id.filled(to: idWidth),
            state.filled(to: 20), place,
        ].joined(separator: " ")
    }

    private static func age(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(max(0, seconds)) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) d"
        }
    }
}

extension UploadsReport.Upload {
    init(_ entry: JournalEntry, id: String, now: Timestamp) {
        self.id = id
        serial = entry.serial
        account = entry.account
        (container, containerID) =
            switch entry.container {
            case .appResult(let id)?: ("AppResult", id.rawValue)
            case .sample(let id)?: ("Sample", id.rawValue)
            case .run(let id)?: ("Run", id.rawValue)
            case .dataset(let id)?: ("Dataset", id.rawValue)
            case .logs?: ("Logs", entry.container?.id.rawValue)
            case nil: (nil, nil)
            }
        path = entry.path
        size = entry.size
        sent = entry.sent
        created = Date(timeIntervalSince1970: TimeInterval(entry.created.seconds))
        error = entry.problem
        mounted = entry.isMounted
        age = now.seconds - entry.created.seconds
        place = entry.place
        (state, words) = Self.state(of: entry)
    }

    private static func state(of entry: JournalEntry) -> (word: String, words: String) {
        switch entry.status {
        case .writing: ("writing", "being written")
        case .unfinished: ("unfinished", "unfinished")
        case .waiting: ("waiting", entry.isMounted ? "waiting" : "waiting for a mount")
        case .uploading: ("uploading", "uploading")
        case .failed: ("failed", "failed")
        case .spoiled: ("damaged", "damaged")
        case .uploaded: ("uploaded", "uploaded")
        case .discarded: ("discarded", "discarded")
        case .orphan: ("orphan", "orphan")
        case .lost: ("lost", "lost")
        }
    }
}
