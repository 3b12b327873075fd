import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import basespacefs

/// The options that the program has, as `--experimental-dump-help` tells them.
private struct Command: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var names: [Name]?
        var shouldDisplay: Bool
    }
    struct Dump: Decodable {
        var command: Command
    }
    var commandName: String
    var arguments: [Argument]?
    var subcommands: [Command]?

    /// The visible options as they are typed.
    var options: Set<String> {
        let names = (arguments ?? []).filter(\.shouldDisplay).flatMap { $0.names ?? [] }
        return Set(names.map { $0.kind == "long" ? "--\($0.name)" : "-\($0.name)" })
    }

    /// The commands below this one, and those below them, without what the parser adds.
    var descendants: [(path: String, command: Command)] {
        (subcommands ?? []).filter { $0.commandName != "help" }.flatMap { command in
            [(command.commandName, command)] + command.descendants.map { ("\(command.commandName) \($0)", $1) }
        }
    }
}

@Suite("The manual")
struct ManualTests {
    private let manual: String
    private let program: Command

    init() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        manual = try String(contentsOf: root.appending(path: "man/basespacefs.1"), encoding: .utf8)
        let dump = try await Shell.output([BuiltProducts.path(of: "basespacefs"), "--experimental-dump-help"])
        program = try JSONDecoder().decode(Command.Dump.self, from: Data(dump.utf8)).command
    }

    /// The options that have an entry of their own (`.It Fl f , \-foreground`).
    private var describedOptions: Set<String> {
        let entries = manual.split(separator: "\n").filter { $0.hasPrefix(".It Fl ") }
        return Set(
            entries.flatMap { entry in
                entry.dropFirst(".It Fl ".count).replacing("\\-", with: "-").split(separator: " ")
                    .prefix { $0 != "Ar" }
                    .filter { $0 != "," }
                    .map { "-\($0)" }
            }
        )
    }

    @Test("describes every option of every command, and no other")
    func options() {
        let existing = program.descendants.reduce(program.options) { $0.union($1.command.options) }
        #expect(existing.subtracting(describedOptions) == [])
        #expect(describedOptions.subtracting(existing) == [])
    }

    @Test("describes every command, and no other")
    func commands() {
        // A command that has others below it is described by them.
        let existing = program.descendants.filter { $0.command.descendants.isEmpty }.map(\.path)
        let entries = manual.split(separator: "\n").filter { $0.hasPrefix(".It Cm ") }
        let described = entries.map { entry in
            // Its name ends where the next macro begins.
            entry.split(separator: " ").dropFirst(2).prefix { $0.first?.isLowercase == true }.joined(separator: " ")
        }
        #expect(Set(described) == Set(existing))
    }

    @Test("lists the metrics in a table, and no other")
    func metrics() throws {
        let table = try #require(
            manual.components(separatedBy: "\n.Sh METRICS\n").last?.components(separatedBy: "\n.El").first
        )
        let rows = table.split(separator: "\n").filter { $0.hasPrefix(".It ") && $0.contains(" Ta ") }.dropFirst()
        let listed = rows.map { $0.dropFirst(".It ".count).components(separatedBy: " Ta ").prefix(2) }
        #expect(
            listed.map { $0.joined(separator: " ") }
                == Metrics.all.map { "\($0.name.dropFirst("basespacefs_".count)) \($0.kind.rawValue)" }
        )
    }

    @Test("gives the defaults that the program has")
    func defaults() {
        let text = manual.replacing("\n", with: " ")
        #expect(
            text.contains(
                "but \(MountOptions.Defaults.smallestCacheSize) at least; "
                    + "\(MountOptions.Defaults.memoryCacheSize) in memory"
            )
        )
        #expect(text.contains("Memory for content that is on its way, \(MountOptions.Defaults.memoryLimit) by default"))
        #expect(text.contains("the server is asked again, \(Int(MountOptions.Defaults.metadataLifetime)) by default"))
        #expect(text.contains("object store at a time, \(MountOptions.Defaults.connections) by default"))
        #expect(text.contains("5M to 5G, \(MountOptions.Defaults.uploadPartSize) by default"))
    }

    @Test("lists the exit statuses")
    func exitStatuses() {
        for status in [ExitStatus.success, .failure, .usage] {
            #expect(manual.contains("\n.It \(status.rawValue)\n"))
        }
        #expect(
            manual.contains(
                "\n.It \(ExitStatus.commandNotExecutable.rawValue) , \(ExitStatus.commandNotFound.rawValue)\n"
            )
        )
    }
}
