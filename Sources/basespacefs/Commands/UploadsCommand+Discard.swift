import ArgumentParser
import Glibc
import Uploads

extension UploadsCommand {
    /// `basespacefs uploads discard`.
    struct Discard: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "discard",
            abstract: "Delete staged files without uploading them.",
            discussion: "What was not uploaded is lost then: it asks first."
        )

        @Argument(
            help: ArgumentHelp(
                "The id, or the path as CONTAINER:PATH, as `uploads list` shows them.",
                valueName: "file"
            )
        )
        var files: [String]

        @Flag(help: "Don't ask. Needed where there is no terminal to ask on.")
        var yes = false

        func run() throws {
            let journal = try UploadsCommand.journal()
            let chosen = try UploadSelection(entries: try journal.entries()).named(files)
            guard try yes || isWanted(chosen) else { throw CommandFailure("nothing was deleted") }
            try UploadsCommand.forEach(chosen) { entry throws(CommandFailure) in
                try Self.words(for: outcome(of: entry, in: journal))
            }
        }

        private func outcome(
            of entry: JournalEntry,
            in journal: JournalControl
        ) throws(CommandFailure) -> JournalControl.Outcome {
            do throws(UploadError) {
                return try journal.discard(entry)
            } catch {
                throw CommandFailure("\(error)")
            }
        }

        private func isWanted(_ entries: [JournalEntry]) throws(CommandFailure) -> Bool {
            guard isatty(STDIN_FILENO) == 1 else {
                throw CommandFailure("discard deletes what may be the only copy: say --yes to mean it", status: .usage)
            }
            for entry in entries {
                print("\(entry.place), \(ByteSize(bytes: entry.size).approximate)")
            }
            let what =
                entries.count == 1
                ? "this, which may be the only copy" : "these \(entries.count) files, which may be the only copies"
            print("Delete \(what)? [y/N] ", terminator: "")
            fflush(nil)
            return ["y", "yes"].contains(readLine()?.lowercased())
        }

        private static func words(for outcome: JournalControl.Outcome) throws(CommandFailure) -> String {
            switch outcome {
            case .done, .needless: "deleted"
            case .requested: "its mount deletes it now, or once no program has it open for writing"
            case .left: "deleted; the next mount of its account ends its upload at the service"
            case .beingWritten: throw CommandFailure("being written right now: close it, or remove it in the mount")
            case .gone: throw CommandFailure("gone already")
            }
        }
    }
}
