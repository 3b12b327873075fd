import Testing

@testable import Uploads

/// How long a request is kept.
@Suite struct JournalServingTests {
    private let fixture: JournalFixture

    init() throws {
        fixture = try JournalFixture()
    }

    private func retry(_ file: JournalFile) throws -> JournalControl.Outcome {
        try fixture.control().retry(try #require(try fixture.entry(file)))
    }

    private func discard(_ file: JournalFile) throws -> JournalControl.Outcome {
        try fixture.control().discard(try #require(try fixture.entry(file)))
    }

    /// The mount is killed while it does what it was asked for.
    @Test func aRequestThatWasNotServedIsForTheNextMount() throws {
        let dead = try fixture.journal()
        let file = try fixture.file(in: dead)
        file.setState(.failed("no"))
        _ = try discard(file)
        #expect(dead.look() == [.discard(serial: file.serial)])
        dead.close()
        #expect(try fixture.journal().adopt().map(\.state) == [.discarded])
    }

    @Test func aRequestThatWasServedIsForgotten() throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        file.setState(.failed("no"))
        _ = try retry(file)
        journal.look().forEach { journal.ended($0, isServed: true) }
        journal.close()
        #expect(try fixture.journal().adopt().map(\.state) == [.failed("no")])
    }

    @Test func aRequestThatCannotBeServedYetIsHeardAgain() throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        file.setState(.failed("no"))
        _ = try discard(file)
        for _ in 1...3 {
            #expect(journal.look() == [.discard(serial: file.serial)])
            journal.ended(.discard(serial: file.serial), isServed: false)
        }
    }

    /// Who asked for it meant what it was before.
    @Test func writingAFileAgainVoidsWhatWasAskedForIt() throws {
        let journal = try fixture.journal()
        let files = try (0..<2).map { _ in try fixture.file(in: journal) }
        for file in files {
            file.setState(.failed("no"))
            _ = try discard(file)
        }
        for request in journal.look() { journal.ended(request, isServed: false) }
        try files[0].beginWriting()
        files[1].setState(.writing)
        #expect(journal.look() == [])
    }

    @Test func aRequestThatComesWhileAnotherIsServedIsHeard() throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        file.setState(.failed("no"))
        _ = try retry(file)
        #expect(journal.look() == [.retry(serial: file.serial)])
        _ = try discard(file)
        journal.ended(.retry(serial: file.serial), isServed: true)
        #expect(journal.look() == [.discard(serial: file.serial)])
    }
}
