import Foundation
import Testing

@testable import basespacefs

@Suite("The status of a mount")
struct StatusReportTests {
    /// What a mount says that has much to say.
    private static let json = """
        {"account":{"email":"ada@example.org","id":"17","name":"Ada \\u001b[31m"},
        "cache":{"bytes":1048576,"damagedBlocks":2,"directory":"none","hitRate":0.999,"hits":999,"limit":2097152,
        "misses":1,"storedBytes":5},
        "mountPoint":"/mnt","operationErrors":{"EIO":1},"pid":4711,
        "read":{"bytes":3145728,"failures":1,"fetchRate":0,"fetchedBytes":1048576,"fromCache":1048576,
        "fromMemory":1048576,"fromServer":1048576,"passthroughOpens":0,"rate":2097152.5,"unreadBytes":1024},
        "server":"https://api.example.org",
        "service":{"calls":10,"connections":3,"errors":2,"receivedBytes":1,"requestErrors":4,"requests":20,
        "retries":5,"sentBytes":1,"unauthorized":1},
        "sessions":[{"ageHours":65.5,"container":"AppResult 9","created":"2026-01-02T03:04:05Z","status":"Running",
        "warning":"AppResult 9 is old"},{"container":"AppResult 8"}],
        "started":"2026-01-02T03:04:05Z",
        "uploads":{"active":[{"container":"AppResult 9","path":"d/a.bam","rate":1048576,"secondsLeft":7500,
        "sent":1048576,"total":7865368576},{"container":"AppResult 9","path":"stands","rate":0,"sent":0,"total":1}],
        "backlogBytes":7864320000,"backlogFiles":2,"done":3,"failed":1,"rate":1048576,"sentBytes":4},
        "uptime":7800,"version":"1.2.3","warnings":["AppResult 9 is old"]}
        """

    private func report() throws -> StatusReport {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(StatusReport.self, from: Data(Self.json.utf8))
    }

    @Test("has the keys that the manual lists, and gives back what it read")
    func keys() throws {
        let written = try JSONSerialization.jsonObject(with: Data(try report().json().utf8)) as? NSDictionary
        let read = try JSONSerialization.jsonObject(with: Data(Self.json.utf8)) as? NSDictionary
        #expect(written == read)
    }

    @Test("is a page for people")
    func text() throws {
        let lines = try report().lines
        #expect(lines[0] == "BaseSpace of Ada ?[31m (user 17, ada@example.org) on /mnt")
        #expect(lines[2] == "Process   4711, version 1.2.3, for 2 h 10 min")
        #expect(
            lines[4]
                == "Read      3.0 MiB, now 2.0 MiB/s: 1.0 MiB from memory, 1.0 MiB from the cache, 1.0 MiB waited for"
        )
        #expect(lines.contains("Cache     1.0 MiB of 2.0 MiB in memory; 99 % of look-ups hit; 2 damaged blocks"))
        #expect(lines.contains("API       10 calls, 2 errors (the token was refused: 1)"))
        let upload = try #require(lines.first { $0.hasSuffix("AppResult 9: d/a.bam") })
        #expect(
            upload.split(separator: " ").joined(separator: " ")
                == "1.0 MiB 7.3 GiB 1.0 MiB/s 2 h 5 min AppResult 9: d/a.bam"
        )
        #expect(lines.contains { $0.contains(" - ") && $0.hasSuffix("AppResult 9: stands") })
        #expect(lines.last == "Warning: AppResult 9 is old")
    }

    @Test("has no empty part where there is nothing to tell")
    func quiet() throws {
        var report = try report()
        report.uploads.active = []
        report.uploads.backlogFiles = 0
        report.sessions = []
        report.warnings = []
        #expect(report.lines.last?.hasSuffix("nothing left to upload") == true)
    }

    @Test("of several mounts is a line for each, and one that can't be asked is counted")
    func list() throws {
        let report = MountsReport(mounts: [
            .init(mountPoint: "/mnt", status: try report()), .init(mountPoint: "/longer", problem: "hangs"),
        ])
        #expect(
            report.lines[0].hasPrefix(
                "/mnt     Ada ?[31m (user 17) on https://api.example.org, for 2 h 10 min, 2 files"
            )
        )
        #expect(report.lines[0].hasSuffix(", 1 warning"))
        #expect(report.lines[1] == "/longer  hangs")
        #expect(report.problem == "1 of 2 mounts can't be asked")
        #expect(MountsReport(mounts: []).lines == ["Nothing is mounted."])
    }
}
