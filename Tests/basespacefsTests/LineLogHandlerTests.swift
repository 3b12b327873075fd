import BaseSpaceAPI
import Glibc
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import basespacefs

@Suite("Log lines")
struct LineLogHandlerTests {
    /// Collects what a logger writes.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func append(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private func logger(_ lines: Lines, level: Logger.Level = .trace) -> Logger {
        Logger(label: "HTTPTransport") { label in
            LineLogHandler(
                label: label,
                level: level,
                now: { Timestamp(seconds: 1_772_357_400, nanoseconds: 125_999_999) },
                write: { lines.append($0) }
            )
        }
    }

    @Test("An event is one line: time, level, room, message, metadata in order")
    func line() {
        let lines = Lines()
        var logger = logger(lines)
        logger[metadataKey: "host"] = "api.example"
        logger.info("connection lost", metadata: ["attempt": "2", "reason": "timed out"])
        #expect(
            lines.all == [
                "2026-03-01T09:30:00.125Z info [HTTPTransport] connection lost attempt=2 host=api.example "
                    + "reason=\"timed out\""
            ]
        )
    }

    @Test("Line breaks and other control characters of names don't start lines of their own")
    func controlCharacters() {
        let lines = Lines()
        logger(lines).error("sample a\nb", metadata: ["name": "x\u{1B}[2Jy", "quote": "a\"b", "empty": ""])
        #expect(lines.all.count == 1)
        #expect(lines.all[0].hasSuffix(#"sample a\nb empty="" name=x\u{1B}[2Jy quote="a\"b""#))
    }

    @Test("Events below the level are left out")
    func level() {
        let lines = Lines()
        logger(lines, level: .warning).info("quiet")
        #expect(lines.all.isEmpty)
    }

    @Test("A log file is made for its owner alone, and appended to")
    func file() throws {
        let directory = try TemporaryDirectory(prefix: "log")
        let path = directory.file("mount.log")
        for line in ["one", "two"] {
            try LogFile.open(path).append(line)
        }
        #expect(ProcFiles.text(path.string) == "one\ntwo\n")
        var status = stat()
        try #require(stat(path.string, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }
}
