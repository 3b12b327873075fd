import ArgumentParser
import SystemPackage
import Uploads

extension UploadsCommand {
    /// `basespacefs uploads retry`.
    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry",
            abstract: "Upload files that failed, are damaged or unfinished, as they are.",
            usage: "basespacefs uploads retry ID|PATH... | --all",
            discussion: """
                A mount that has them uploads them at once; otherwise the next mount of their account does. Look at a \
                damaged or an unfinished file first: what is uploaded can't be changed.
                """
        )

        @Argument(
            help: ArgumentHelp(
                "The id, or the path as CONTAINER:PATH, as `uploads list` shows them.",
                valueName: "file"
            )
        )
        var files: [String] = []

        @Flag(help: "All files that failed, are damaged or unfinished.")
        var all = false

        func validate() throws {
            guard all != !files.isEmpty else {
                throw ValidationError(all ? "Name files, or say --all, not both" : "Name files, or say --all")
            }
        }

        func run() throws {
            let journal = try UploadsCommand.journal()
            let selection = UploadSelection(entries: try journal.entries())
            let chosen = all ? selection.entries.filter(\.isRetried) : try selection.named(files)
            guard !chosen.isEmpty else {
                print("No file has failed.")
                return
            }
            try UploadsCommand.forEach(chosen) { entry throws(CommandFailure) in
                guard entry.status != .orphan else {
                    let file = journal.stagingDirectory.appending(entry.serial)
                    throw CommandFailure(
                        "the journal does not know where it belongs: copy '\(file)' to its place, then discard it"
                    )
                }
                return try Self.words(for: outcome(of: entry, in: journal), of: entry)
            }
        }

        private func outcome(
            of entry: JournalEntry,
            in journal: JournalControl
        ) throws(CommandFailure) -> JournalControl.Outcome {
            do throws(UploadError) {
                return try journal.retry(entry)
            } catch {
                throw CommandFailure("\(error)")
            }
        }

        private static func words(
            for outcome: JournalControl.Outcome,
            of entry: JournalEntry
        ) throws(CommandFailure) -> String {
            if entry.isTemporary, [.done, .requested, .needless].contains(outcome), entry.status != .uploaded {
                return "kept as it is; it is uploaded once no name in its path begins with a dot"
            }
            return switch outcome {
            case .done, .left: "the next mount of its account uploads it"
            case .requested: "its mount uploads it now, or once no program has it open for writing"
            case .needless: entry.status == .uploaded ? "uploaded already" : "waits for its upload already"
            case .beingWritten: throw CommandFailure("being written right now: close it first")
            case .gone: throw CommandFailure("its bytes are gone: there is nothing to upload")
            }
        }
    }
}

extension JournalEntry {
    /// What `--all` means.
    fileprivate var isRetried: Bool {
        switch status {
        case .failed, .spoiled, .unfinished: true
        case .writing, .waiting, .uploading, .uploaded, .discarded, .orphan, .lost: false
        }
    }
}
