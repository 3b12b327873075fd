import BlockCache
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import basespacefs

/// `basespacefs cache` as a process, on caches that mounts have left.
@Suite("The cache's commands")
struct CacheCommandTests {
    private static let sizes = ["17": 200_000, "23": 131_072, "42": 5]

    private func cache(_ cache: CacheOnDisk, _ arguments: String...) async throws -> ShellResult {
        try await run(arguments + ["--cache-dir", cache.directory.string])
    }

    private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> ShellResult {
        try await Shell.run([BuiltProducts.path(of: "basespacefs"), "cache"] + arguments, environment: environment)
    }

    private func object(_ result: ShellResult) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? NSDictionary)
    }

    private func used(_ directory: FilePath) -> Int64 { BlockCache.space(below: directory)?.held ?? -1 }

    /// One line that says this, on standard error.
    private func expectFailure(_ result: ShellResult, says words: String..., status: Int32 = 1) {
        #expect(result.status == status)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("basespacefs: ") && result.errors.split(separator: "\n").count == 1)
        for word in words {
            #expect(result.errors.contains(word), "\(result.errors)")
        }
    }

    // MARK: info

    @Test("info tells people what is used")
    func infoText() async throws {
        let disk = try await CacheOnDisk(Self.sizes)
        let result = try await cache(disk, "info")
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(result.output.contains("Directory:  \(disk.directory)\n"))
        #expect(
            result.output.contains("Used:       \(ByteSize(bytes: used(disk.directory)).approximate), by 3 files\n")
        )
        #expect(result.output.contains("In use:     no\n"))
        #expect(!result.output.contains("FILE ID"))
        let listed = try await cache(disk, "info", "--contents").lines.suffix(4)
        let words = listed.map { $0.split(separator: " ").map(String.init) }
        #expect(words.map { $0.last } == ["ID", "17", "23", "42"])
        #expect(words[3].dropFirst(2).prefix(2) == ["5", "bytes"])
    }

    @Test("info tells scripts the same, in bytes")
    func infoJSON() async throws {
        let disk = try await CacheOnDisk(Self.sizes)
        let object = try object(try await cache(disk, "info", "--json", "--contents"))
        #expect(
            Set(object.allKeys.compactMap { $0 as? String }) == [
                "directory", "bytes", "contentCount", "free", "defaultLimit", "inUse", "contents",
            ]
        )
        #expect(object["directory"] as? String == disk.directory.string)
        #expect(object["bytes"] as? Int64 == used(disk.directory))
        #expect(object["contentCount"] as? Int == 3)
        #expect(object["inUse"] as? Bool == false)
        let free = try #require(object["free"] as? Int64)
        let limit = try #require(object["defaultLimit"] as? Int64)
        // The disk is others' too.
        #expect(limit == 1 << 30 || abs(limit - free / 10) < 1 << 30)
        let contents = try #require(object["contents"] as? [NSDictionary])
        #expect(contents.map { $0["id"] as? String } == ["17", "23", "42"])
        #expect(contents.map { $0["etag"] as? String } == ["etag-17", "etag-23", "etag-42"])
        #expect(contents.map { $0["size"] as? Int } == [200_000, 131_072, 5])
        #expect(contents.map { $0["present"] as? Int } == [200_000, 131_072, 5])
        #expect(contents.compactMap { $0["bytes"] as? Int64 }.reduce(0, +) == used(disk.directory))
        let lastUse = try #require(contents[0]["lastUse"] as? String)
        let age = try Date().timeIntervalSince(Date(lastUse, strategy: .iso8601))
        #expect(age >= -1 && age < 3600)
        #expect(try self.object(try await cache(disk, "info", "--json"))["contents"] == nil)
    }

    @Test("info sees that somebody uses the cache")
    func infoInUse() async throws {
        let disk = try await CacheOnDisk(Self.sizes)
        let mount = try disk.open()
        #expect(try object(try await cache(disk, "info", "--json"))["inUse"] as? Bool == true)
        #expect(try await cache(disk, "info").output.contains("In use:     yes\n"))
        mount.shutdown()
        #expect(try object(try await cache(disk, "info", "--json"))["inUse"] as? Bool == false)
    }

    @Test("The cache is where mounts have it", arguments: ["XDG_CACHE_HOME", "HOME"])
    func defaultDirectory(variable: String) async throws {
        let home = try TemporaryDirectory(prefix: "home")
        let below = variable == "HOME" ? ".cache/basespacefs" : "basespacefs"
        let disk = try await CacheOnDisk(Self.sizes, in: home.path.appending(below))
        let environment = ["XDG_CACHE_HOME": ""].merging([variable: home.path.string]) { $1 }
        let object = try object(try await run(["info", "--json"], environment: environment))
        #expect(object["directory"] as? String == disk.directory.string)
        #expect(object["contentCount"] as? Int == 3)
    }

    // MARK: verify

    @Test("verify finds nothing wrong, then a damaged block, then nothing again")
    func verify() async throws {
        let disk = try await CacheOnDisk(Self.sizes)
        let good = try await cache(disk, "verify")
        #expect(good.status == 0)
        #expect(good.output == "Verified 4 blocks of 3 files, 323.3 KiB: all are right.\n")
        #expect(good.errors == "", "no progress where there is no terminal")
        try disk.damage()
        let bad = try await cache(disk, "verify", "--json")
        #expect(bad.status == 1)
        #expect(bad.errors == "")
        let wanted: NSDictionary = [
            "directory": disk.directory.string, "contentCount": 3, "blockCount": 4, "bytes": 331_077,
            "wrongBlockCount": 1, "complete": true,
        ]
        #expect(try object(bad) == wanted)
        #expect(try await cache(disk, "verify").status == 0)
    }

    @Test("verify says that what was wrong is fetched again")
    func verifyWrong() async throws {
        let disk = try await CacheOnDisk(["1": 1000])
        try disk.damage()
        let result = try await cache(disk, "verify")
        #expect(result.status == 1)
        #expect(
            result.output == """
                Verified 1 block of 1 file, 1000 bytes: \
                1 was wrong; it is dropped and will be fetched again when it is read.

                """
        )
    }

    @Test("verify shows on a terminal how far it is, and leaves the line empty")
    func verifyProgress() async throws {
        let disk = try await CacheOnDisk(Self.sizes)
        // script(1) gives its command a terminal.
        let command = "'\(try BuiltProducts.path(of: "basespacefs"))' cache verify --cache-dir '\(disk.directory)'"
        let result = try await Shell.run(["script", "--quiet", "--return", "--command", command, "/dev/null"])
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("\rverifying: 0 %"))
        #expect(result.output.contains("\r\u{1B}[KVerified 4 blocks"))
    }

    @Test("A signal ends verify between two blocks, with what it has found so far")
    func verifyInterrupted() async throws {
        let disk = try await CacheOnDisk(Self.sizes)
        // The signal waits for the program, so that it comes neither too early nor too late.
        let script = """
            import os, signal, sys
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            os.kill(os.getpid(), signal.SIGINT)
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let program = try BuiltProducts.path(of: "basespacefs")
        let result = try await Shell.run(
            ["python3", "-c", script, program, "cache", "verify", "--cache-dir", disk.directory.string]
        )
        #expect(result.status == 128 + SIGINT)
        #expect(result.output == "Interrupted after 0 blocks of 1 file, 0 bytes: all are right.\n")
    }

    // MARK: prune and clear

    @Test("prune makes the cache as small as it is told, and no smaller than need be")
    func prune() async throws {
        let disk = try await CacheOnDisk(["1": 3 << 20, "2": 3 << 20, "3": 3 << 20])
        let before = used(disk.directory)
        let result = try await cache(disk, "prune", "--to", "7M")
        #expect(result.status == 0, "\(result.errors)")
        #expect(used(disk.directory) == before / 3 * 2)
        #expect(result.output == "Freed 3.0 MiB; 6.0 MiB are used now.\n")
        let object = try object(try await cache(disk, "prune", "--to", "7M", "--json"))
        let wanted: NSDictionary = ["directory": disk.directory.string, "freed": 0, "bytes": before / 3 * 2]
        #expect(object == wanted)
    }

    @Test("clear removes the cache's files and nobody else's")
    func clear() async throws {
        let disk = try await CacheOnDisk(Self.sizes)
        let before = used(disk.directory)
        let some = try #require(disk.tree.first { $0.hasSuffix(".data") })
        let strangers = ["thesis.txt", "v1/notes", (some as NSString).deletingLastPathComponent + "/photo.data"]
        for stranger in strangers {
            try Data("mine".utf8).write(to: URL(fileURLWithPath: disk.directory.string + "/" + stranger))
        }
        let result = try await cache(disk, "clear", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let wanted: NSDictionary = ["directory": disk.directory.string, "freed": before, "bytes": 0]
        #expect(try object(result) == wanted)
        let left = Set(disk.tree)
        #expect(left.isSuperset(of: strangers))
        #expect(left.filter { $0.hasSuffix(".data") || $0.hasSuffix(".map") } == [strangers[2]])
        #expect(try await cache(disk, "clear").output == "Freed 0 bytes; 0 bytes are used now.\n")
    }

    // MARK: What is refused

    private static let all = [["info"], ["verify"], ["prune", "--to", "1G"], ["clear"]]

    @Test("A cache that does not exist is no cache, and is not made", arguments: all)
    func missing(command: [String]) async throws {
        let home = try TemporaryDirectory(prefix: "home")
        for directory in ["", "/not/there"] {
            let path = home.path.string + directory
            expectFailure(try await run(command + ["--cache-dir", path]), says: "there is no cache in \(path)")
        }
        let file = try home.write([], to: "file").string
        expectFailure(try await run(command + ["--cache-dir", file]), says: "there is no cache in \(file)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path.string) == ["file"])
    }

    @Test("A cache that others may write to, or that is another user's, is refused", arguments: all)
    func unsafe(command: [String]) async throws {
        let disk = try await CacheOnDisk(Self.sizes)
        let version = disk.directory.appending("v1").string
        chmod(version, 0o777)
        let arguments = command + ["--cache-dir", disk.directory.string]
        expectFailure(try await run(arguments), says: version, "chmod 700")
        chmod(version, 0o700)
        if geteuid() == 0 {
            chown(version, 12345, 12345)
            expectFailure(try await run(arguments), says: version, "belongs to user 12345")
        }
    }

    @Test("A read-only disk can be looked at and not changed", .enabled(if: SmallDisk.isAvailable))
    func readOnly() async throws {
        let small = try SmallDisk(bytes: 16 << 20)
        let disk = try await CacheOnDisk(Self.sizes, in: small.path)
        try small.makeReadOnly()
        let object = try object(try await cache(disk, "info", "--json", "--contents"))
        #expect(object["bytes"] as? Int64 == used(small.path))
        #expect((object["contents"] as? [Any])?.count == 3)
        for command in Self.all.dropFirst() {
            expectFailure(
                try await run(command + ["--cache-dir", small.path.string]),
                says: "can't change the cache \(small.path)/v1",
                "Read-only"
            )
        }
    }

    @Test(
        "What can't be understood ends with 64 and a hint to the right help",
        arguments: [
            (["info", "--cache-dir", "none"], "in memory", "cache info"),
            (["clear", "--cache-dir", ""], "takes a directory", "cache clear"),
            (["prune"], "--to", "cache prune"), (["prune", "--to", "lots"], "--to", "cache prune"),
            (["bogus"], "bogus", "cache"),
        ]
    )
    func usage(arguments: [String], reason: String, help: String) async throws {
        let result = try await run(arguments)
        expectFailure(result, says: reason, "(see: basespacefs \(help) --help)", status: 64)
    }
}
