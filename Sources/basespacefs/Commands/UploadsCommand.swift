import ArgumentParser
import SystemPackage
import Uploads

/// `basespacefs uploads`: looks after the files that wait for their upload, beside the mounts or without any. It needs
/// neither a token nor the network.
struct UploadsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uploads",
        abstract: "Show the files that wait for their upload; have them uploaded, or delete them.",
        discussion: "All of it may be done while BaseSpace is mounted, and while it is not.",
        subcommands: [List.self, Retry.self, Discard.self]
    )

    /// The journal of this user.
    static func journal() throws -> JournalControl {
        let directory = try BaseDirectories(environment: ProcessEnvironment.all).state
        do throws(UploadError) {
            return try JournalControl(directory: directory)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// Does something with each file. What can't be done keeps nothing else from being done.
    ///
    /// - Parameter perform: Returns what was done, in words.
    static func forEach(
        _ entries: [JournalEntry],
        _ perform: (JournalEntry) throws(CommandFailure) -> String
    ) throws(CommandFailure) {
        var failures: [String] = []
        for entry in entries {
            do throws(CommandFailure) {
                print("\(entry.place): \(try perform(entry))")
            } catch {
                failures.append("\(entry.place): \(error)")
            }
        }
        guard failures.isEmpty else { throw CommandFailure(failures.joined(separator: "; ")) }
    }
}
