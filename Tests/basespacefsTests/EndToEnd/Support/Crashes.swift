import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

/// A staged file, as `basespacefs uploads list` tells of it.
struct ListedUpload: Decodable, Hashable, Sendable {
    var id: String
    var serial: String
    var state: String
    var path: String
    var sent: Int64
    var error: String?
    var mounted: Bool

    fileprivate struct List: Decodable {
        var uploads: [ListedUpload]
    }
}

extension Account {
    /// What `basespacefs uploads list` tells.
    var uploads: [ListedUpload] {
        get async throws {
            let list = try await program(["uploads", "list", "--json"])
            try #require(list.status == 0, "\(list.errors)")
            return try JSONDecoder().decode(ListedUpload.List.self, from: Data(list.output.utf8)).uploads
        }
    }

    /// The states of the staged files by their paths.
    var uploadStates: [String: String] {
        get async throws {
            Dictionary(try await uploads.map { ($0.path, $0.state) }) { first, second in "\(first) and \(second)" }
        }
    }

    /// Waits until the staged files are in these states.
    func expectUploads(
        _ states: [String: String],
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        try? await eventually("it is known") { try await self.uploadStates == states }
        #expect(try await uploadStates == states, sourceLocation: location)
    }

    /// Runs `basespacefs uploads retry` or `discard`, which has to succeed.
    func order(_ arguments: String...) async throws {
        let result = try await program(["uploads"] + arguments)
        #expect(result.status == 0, "\(result.errors)")
    }

    /// Where the journal and the staged files are.
    var stateDirectory: FilePath { home.file("state/basespacefs") }

    /// Changes the journal behind the program's back, while nothing is mounted.
    func changeJournal(_ statement: String) async throws {
        try await Shell.output(["sqlite3", stateDirectory.appending("journal.sqlite").string, statement])
    }

    /// Takes the faults away once the service knows that nobody waits for an answer any more.
    func endRequestsOfTheDead() async throws {
        // What hangs with an unread part is not looked at before.
        try await eventually("the connections end") {
            self.simulator.requests.allSatisfy { $0.finished != nil || $0.method == "PUT" }
        }
        simulator.setFaults([])
        try await eventually("the parts on their way end") {
            self.simulator.requests.allSatisfy { $0.finished != nil }
        }
    }

    /// How often each part was accepted, by its number, since the requests were last forgotten.
    var acceptedParts: [Int: Int] {
        let parts = simulator.requests.filter { $0.method == "PUT" && $0.path.contains("/parts/") && $0.status == 200 }
        return Dictionary(grouping: parts) { Int($0.path.split(separator: "/").last ?? "") ?? 0 }
            .mapValues(\.count)
    }

    /// How many uploads were given up at the service.
    var abortedUploads: Int {
        simulator.requests.filter { request in
            request.method == "POST" && request.path.contains("/v1pre3/files/")
                && request.query.lowercased().contains("uploadstatus=aborted")
        }.count
    }
}

extension Mount {
    /// The process that serves it.
    var daemon: Int32 {
        get throws {
            try #require(
                Processes.all.first { $0.arguments.contains("--foreground") && $0.arguments.contains(path.string) }
            ).pid
        }
    }

    /// Kills the daemon and takes its dead mount away, and the faults; all its requests have ended then.
    func crash() async throws {
        let daemon = try daemon
        kill(daemon, SIGKILL)
        try await eventually("it is gone") { !account.daemons.contains(daemon) }
        try await Shell.output(["fusermount3", "-uz", path.string])
        try await account.endRequestsOfTheDead()
    }

    /// Starts a script for bash that opens something, and has it open until it is killed.
    func hold(_ script: String) async throws -> RunningProcess {
        // A process that it waited for would inherit what is open, and outlive it.
        let fifo = #""$WORK/never.$$""#
        let holder = try start("bash", "-ec", "mkfifo \(fifo); \(script); echo open; read -r < \(fifo)")
        #expect(try await holder.firstLine() == "open")
        return holder
    }
}

extension NewAppResult {
    /// Waits until the service has these files, each sent once, and nothing is staged any more.
    func expectArrived(_ sums: [String: String], _ location: SourceLocation = #_sourceLocation) async throws {
        let account = mount.account
        try? await eventually("all has arrived") {
            receivedSums == sums && account.staged.isEmpty
        }
        #expect(receivedSums == sums, sourceLocation: location)
        #expect(received.count == sums.count, "nothing is there twice", sourceLocation: location)
        #expect(account.staged == [], sourceLocation: location)
        try await account.expectUploads([:], location)
    }
}
