import Dispatch
import GRDB
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Uploads

/// Making files safe on disk, and the end of the connection.
@Suite struct JournalSecuringTests {
    private let fixture: JournalFixture

    init() throws {
        fixture = try JournalFixture()
    }

    @Test func observingMakesSealedFilesSafe() async throws {
        let journal = try fixture.journal(boot: "before")
        let file = try fixture.file(in: journal)
        journal.observe(every: .milliseconds(5)) { _ in true }
        file.setState(.sealed)
        try await eventually("it is safe") { journal.state.withLock { $0.unsecured.isEmpty } }
        journal.close()
        #expect(try fixture.journal(boot: "after").adopt().map(\.state) == [.sealed])
    }

    /// As on a full disk, at each look.
    @Test func whatCannotBeNotedIsSaidOnceAndWhenItCan() throws {
        let journal = try fixture.journal(boot: "before")
        let file = try fixture.file(in: journal)
        file.setState(.sealed)
        let full = "CREATE TEMP TRIGGER full BEFORE UPDATE ON file BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        try journal.database.change { try $0.execute(sql: full) }
        for _ in 1...20 { journal.secureIfDue() }
        #expect(fixture.log.text.split(separator: "the disk is full").count == 2)
        #expect(!fixture.log.text.contains("again which"))
        try journal.database.change { try $0.execute(sql: "DROP TRIGGER full") }
        for _ in 1...60 { journal.secureIfDue() }
        #expect(fixture.log.text.split(separator: "again which").count == 2)
        journal.close()
        #expect(try fixture.journal(boot: "after").adopt().map(\.state) == [.sealed])
    }

    @Test func waitsGetLongerUpToAMinute() {
        var backoff = Backoff()
        var looks: [Int] = []
        for look in 0..<200 where backoff.isDue() {
            let isFirst = backoff.failed()
            #expect(isFirst == looks.isEmpty)
            looks.append(look)
        }
        #expect(looks == [0, 2, 5, 10, 19, 36, 69, 130, 191])
        let recoveries = [backoff.succeeded(), backoff.succeeded()]
        #expect(recoveries == [true, false])
        let isDue = backoff.isDue()
        #expect(isDue)
    }

    /// By the time of its turn the file may be another mount's.
    @Test func aCallThatWaitsForItsTurnWhenTheJournalIsClosedChangesNothing() async throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        let work = BlockingWork(name: "test", threads: 3)
        let (hasTurn, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let first: Void? = work.run {
            try? journal.database.change { _ in
                hasTurn.signal()
                mayEnd.wait()
            }
        }
        await work.run { hasTurn.wait() }
        async let second: Void = work.run { file.setState(.sealed) }
        async let closing: Void = work.run { journal.close() }
        try await eventually("it is being closed") { journal.database.isClosed }
        mayEnd.signal()
        _ = await (first, second, closing)
        #expect(try fixture.journal().adopt().map(\.state) == [.writing])
    }
}
