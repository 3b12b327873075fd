import BaseSpaceAPI
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing
import Uploads

@testable import basespacefs

/// `basespacefs uploads` as a process, beside a mount (which is this process) and after its end.
@Suite("The commands for uploads")
struct UploadsCommandTests {
    private let disk: UploadsOnDisk

    init() throws {
        disk = try UploadsOnDisk()
    }

    /// One line that says this, on standard error.
    private func expectFailure(_ result: ShellResult, says words: String..., status: Int32 = 1) {
        #expect(result.status == status)
        #expect(result.errors.hasPrefix("basespacefs: ") && result.errors.split(separator: "\n").count == 1)
        for word in words {
            #expect(result.errors.contains(word), "\(result.errors)")
        }
    }

    private func expectSuccess(_ result: ShellResult, says output: String) {
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(result.output == output + "\n")
    }

    // MARK: list

    @Test("list shows people each file with its state, and what went wrong")
    func listText() async throws {
        let failed = try disk.file("out/a.bam", bytes: 3 << 20, .failed("the service said no"))
        _ = try disk.file("b", in: .sample("4"), .sealed)
        let lines = try await disk.run("list").lines
        #expect(lines.count == 4)
        #expect(lines[0].contains("SENT") && lines[0].contains("PLACE"))
        let id = failed.serial.prefix(8)
        let row = lines[1].split(separator: " ").joined(separator: " ")
        #expect(row.hasPrefix("0 bytes 3.0 MiB "))
        #expect(row.hasSuffix(" \(id) failed AppResult 17: out/a.bam"))
        #expect(lines[2] == "    the service said no")
        #expect(lines[3].contains("waiting   ") && lines[3].hasSuffix("Sample 4: b"))
        disk.journal.close()
        #expect(try await disk.run("list").output.contains("waiting for a mount"))
    }

    @Test("list tells scripts the same, in bytes")
    func listJSON() async throws {
        let file = try disk.file("out/a.bam", bytes: 6 << 20, .sealed)
        file.began("300", partSize: 5 << 20)
        file.sent(part: 1, md5: "00")
        let upload = try #require(try await disk.report().first)
        let expected: NSDictionary = [
            "id": String(file.serial.prefix(8)), "serial": file.serial, "state": "uploading",
            "account": "https://one 1", "container": "AppResult", "containerID": "17", "path": "out/a.bam",
            "size": 6 << 20, "sent": 5 << 20, "mounted": true,
        ]
        var found = upload
        #expect(found.removeValue(forKey: "created") is String)
        #expect(found as NSDictionary == expected)
    }

    @Test("list names each state")
    func states() async throws {
        _ = try disk.file("writing", .writing)
        _ = try disk.file("sealed", .sealed)
        _ = try disk.file("failed", .failed("no"))
        _ = try disk.file("spoiled", .spoiled(errno: ENOSPC))
        _ = try disk.file("arrived", .arrived)
        let lost = try disk.file("lost", .sealed)
        unlink(disk.area.directory.appending(lost.serial).string)
        _ = try disk.area.makeFile(named: "orphan")
        var expected = [
            "writing": "writing", "sealed": "waiting", "failed": "failed", "spoiled": "damaged", "arrived": "uploaded",
            "lost": "lost", "orphan": "orphan",
        ]
        #expect(try await disk.states() == expected)
        disk.journal.close()
        expected["writing"] = "unfinished"
        #expect(try await disk.states() == expected)
    }

    @Test("with nothing to show, list says so")
    func nothing() async throws {
        expectSuccess(try await disk.run("list"), says: "No file waits for its upload.")
        expectSuccess(try await disk.run("list", "--json"), says: #"{"uploads":[]}"#)
        let nowhere = ["XDG_STATE_HOME": "/nowhere"]
        let program = try BuiltProducts.path(of: "basespacefs")
        let result = try await Shell.run([program, "uploads", "list"], environment: nowhere)
        expectSuccess(result, says: "No file waits for its upload.")
    }

    @Test("a journal that can't be read is a failure")
    func unreadable() async throws {
        disk.journal.close()
        let path = disk.area.directory.removingLastComponent().appending("journal.sqlite").string
        try Data(repeating: 0x55, count: 9999).write(to: URL(filePath: path))
        expectFailure(try await disk.run("list"), says: path, "the next mount sets it aside")
    }

    // MARK: retry

    @Test("retry asks the mount that has the file", arguments: ["id", "17:out/a", "AppResult 17: out/a"])
    func retryMounted(name: String) async throws {
        let file = try disk.file("out/a", .failed("no"))
        let result = try await disk.run("retry", name == "id" ? String(file.serial.prefix(8)) : name)
        expectSuccess(
            result,
            says: "AppResult 17: out/a: its mount uploads it now, or once no program has it open for writing"
        )
    }

    @Test("retry leaves it to the next mount when there is none; --all takes all that stand still")
    func retryAll() async throws {
        _ = try disk.file("a", .failed("no"))
        _ = try disk.file("b", .spoiled(errno: ENOSPC))
        _ = try disk.file("c", .writing)
        _ = try disk.file("d", .arrived)
        disk.journal.close()
        let result = try await disk.run("retry", "--all")
        #expect(result.status == 0)
        #expect(
            result.lines == ["a", "b", "c"].map { "AppResult 17: \($0): the next mount of its account uploads it" }
        )
        #expect(try await disk.states() == ["a": "waiting", "b": "waiting", "c": "waiting", "d": "uploaded"])
        expectSuccess(try await disk.run("retry", "--all"), says: "No file has failed.")
    }

    @Test("retry claims no upload of what has a name for here only", arguments: [".f", "out/.tmp/f"], [true, false])
    func retryTemporary(path: String, isMounted: Bool) async throws {
        _ = try disk.file(path, .spoiled(errno: ENOSPC))
        if !isMounted { disk.journal.close() }
        let words = "AppResult 17: \(path): kept as it is; it is uploaded once no name in its path begins with a dot"
        expectSuccess(try await disk.run("retry", "17:\(path)"), says: words)
        #expect(try await disk.states() == [path: isMounted ? "damaged" : "waiting"])
    }

    @Test("retry says what it can't do, and does the rest")
    func retryFailures() async throws {
        _ = try disk.file("writing", .writing)
        _ = try disk.file("failed", .failed("no"))
        let orphan = try disk.area.makeFile(named: "orphan").path.lastComponent?.string ?? ""
        let result = try await disk.run("retry", "17:writing", orphan, "17:failed")
        #expect(result.lines.count == 1 && result.output.hasPrefix("AppResult 17: failed: its mount uploads it now"))
        expectFailure(
            result,
            says: "AppResult 17: writing: being written right now",
            "copy '\(disk.area.directory)/\(orphan)'"
        )
        expectFailure(try await disk.run("retry"), says: "--all", status: 64)
        expectFailure(try await disk.run("retry", "--all", "x"), says: "not both", status: 64)
    }

    // MARK: discard

    @Test("discard deletes, if that is meant")
    func discard() async throws {
        let file = try disk.file("out/a", .failed("no"))
        disk.journal.close()
        expectFailure(try await disk.run("discard", "17:out/a"), says: "--yes", status: 64)
        #expect(disk.exists(file))
        expectSuccess(try await disk.run("discard", "--yes", "17:out/a"), says: "AppResult 17: out/a: deleted")
        #expect(!disk.exists(file))
        #expect(try await disk.states() == [:])
    }

    @Test("discard asks on a terminal", arguments: [("y", true), ("n", false), ("", false)])
    func discardAsks(answer: String, deleted: Bool) async throws {
        let file = try disk.file("out/a", .failed("no"))
        disk.journal.close()
        let result = try await Shell.run(
            [
                "bash", "-c", #"echo "$1" | script -qec "$2 uploads discard 17:out/a" /dev/null"#, "script", answer,
                BuiltProducts.path(of: "basespacefs"),
            ],
            environment: disk.environment
        )
        #expect(result.output.contains("AppResult 17: out/a, 3 bytes"))
        #expect(result.output.contains("only copy? [y/N]"))
        #expect(result.status == (deleted ? 0 : 1))
        #expect(disk.exists(file) == !deleted)
    }

    @Test("discard leaves a mount's files to the mount, an open upload to the next one, and deletes orphans")
    func discardOthers() async throws {
        let mounted = try disk.file("mounted", .failed("no"))
        expectSuccess(
            try await disk.run("discard", "--yes", "17:mounted"),
            says: "AppResult 17: mounted: its mount deletes it now, or once no program has it open for writing"
        )
        #expect(disk.exists(mounted))
        mounted.began("300", partSize: 5 << 20)
        let writing = try disk.file("writing", .writing)
        expectFailure(try await disk.run("discard", "--yes", "17:writing"), says: "being written right now")
        #expect(disk.exists(writing))
        let orphan = try disk.area.makeFile(named: "orphan").path.lastComponent?.string ?? ""
        expectSuccess(try await disk.run("discard", "--yes", String(orphan.prefix(8))), says: "orphan: deleted")
        disk.journal.close()
        expectSuccess(
            try await disk.run("discard", "--yes", "17:mounted"),
            says: "AppResult 17: mounted: deleted; the next mount of its account ends its upload at the service"
        )
        #expect(try await disk.states() == ["mounted": "discarded", "writing": "unfinished"])
    }

    @Test("what is not there, or could be several, is a failure that changes nothing")
    func unknown() async throws {
        let one = try disk.file("a", .failed("no"))
        let two = try disk.file("a", .failed("no"))
        disk.journal.close()
        for command in [["retry"], ["discard", "--yes"]] {
            for name in ["zzz", "17:b", "18:a", ""] {
                let result = try await Shell.run(
                    [BuiltProducts.path(of: "basespacefs"), "uploads"] + command + [one.serial, name],
                    environment: disk.environment
                )
                expectFailure(result, says: "no staged file has the id or the path '\(name)'")
            }
        }
        expectFailure(
            try await disk.run("discard", "--yes", "17:a"),
            says: String(one.serial.prefix(8)),
            String(two.serial.prefix(8)),
            "say the whole id"
        )
        #expect(disk.exists(one) && disk.exists(two))
    }

    @Test("an id is as long as it takes to tell it from the others")
    func ids() async throws {
        for start in ["01234567-1", "01234567-2", "11234567-1"] {
            let orphan = disk.area.directory.appending("\(start)000-4000-8000-000000000000-a")
            #expect(FileManager.default.createFile(atPath: orphan.string, contents: Data("a".utf8)))
        }
        let ids = try await disk.report().map { $0["id"] as? String ?? "" }
        #expect(ids.sorted() == ["01234567-1", "01234567-2", "11234567"])
    }
}
