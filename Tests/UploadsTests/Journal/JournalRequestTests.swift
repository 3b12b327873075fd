import BaseSpaceAPI
import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Uploads

/// What other processes ask for, and what they see.
@Suite struct JournalRequestTests {
    private let fixture: JournalFixture

    init() throws {
        fixture = try JournalFixture()
    }

    private final class Heard: Sendable {
        private let list = Mutex<[JournalRequest]>([])
        var all: [JournalRequest] { list.withLock { $0 } }
        func add(_ request: JournalRequest) { list.withLock { $0.append(request) } }
    }

    private func retry(_ file: JournalFile) throws -> JournalControl.Outcome {
        try fixture.control().retry(try #require(try fixture.entry(file)))
    }

    private func discard(_ file: JournalFile) throws -> JournalControl.Outcome {
        try fixture.control().discard(try #require(try fixture.entry(file)))
    }

    // MARK: beside a mount

    @Test func aMountHearsARequestOnce() async throws {
        let journal = try fixture.journal()
        let failed = try fixture.file(in: journal)
        let spoiled = try fixture.file(in: journal)
        failed.setState(.failed("no"))
        spoiled.setState(.spoiled(errno: ENOSPC))
        let heard = Heard()
        journal.observe(every: .milliseconds(5)) { request in
            heard.add(request)
            return true
        }
        #expect(try retry(failed) == .requested)
        try await eventually("the mount hears it") { heard.all == [.retry(serial: failed.serial)] }
        #expect(try discard(spoiled) == .requested)
        try await eventually("it hears the next") {
            heard.all == [.retry(serial: failed.serial), .discard(serial: spoiled.serial)]
        }
        // Its own files are not touched by the other process.
        #expect(fixture.exists(spoiled))
        #expect(try fixture.entry(failed)?.status == .failed)
    }

    @Test func aRequestThatCameBeforeIsHeard() throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        file.setState(.failed("no"))
        _ = try retry(file)
        #expect(journal.look() == [.retry(serial: file.serial)])
        #expect(journal.look() == [])
    }

    @Test func theLastRequestCounts() throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        file.setState(.failed("no"))
        _ = try retry(file)
        _ = try discard(file)
        #expect(journal.look() == [.discard(serial: file.serial)])
    }

    @Test func whatIsBeingWrittenIsLeftAlone() throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        #expect(try retry(file) == .beingWritten)
        #expect(try discard(file) == .beingWritten)
        #expect(journal.look() == [])
        #expect(fixture.exists(file))
    }

    @Test func whatAnEarlierMountLeftUnfinishedIsNotBeingWritten() throws {
        let dead = try fixture.journal()
        _ = try fixture.file(in: dead)
        dead.close()
        let journal = try fixture.journal()
        let file = try #require(try journal.adopt().first).file
        #expect(try fixture.entry(file)?.status == .unfinished)
        #expect(try retry(file) == .requested)
        #expect(journal.look() == [.retry(serial: file.serial)])
        // Somebody writes it again.
        file.setState(.writing)
        #expect(try fixture.entry(file)?.status == .writing)
        #expect(try retry(file) == .beingWritten)
    }

    @Test func waitingNeedsNoRequest() throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        file.setState(.sealed)
        #expect(try retry(file) == .needless)
        file.setState(.arrived)
        #expect(try retry(file) == .needless)
        #expect(journal.look() == [])
    }

    @Test func theDeathOfAMountIsToldOnce() throws {
        let journal = try fixture.journal()
        let other = try fixture.journal()
        _ = try fixture.file(in: other)
        #expect(journal.look() == [])
        other.close()
        #expect(journal.look() == [.orphaned])
        #expect(journal.look() == [])
        #expect(try journal.adopt().count == 1)
        #expect(journal.look() == [])
    }

    @Test func aKilledMountIsToldToo() async throws {
        let journal = try fixture.journal()
        let path = fixture.directory.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let fixture = try JournalFixture(directory: FilePath(path))
            _ = try fixture.file(in: try fixture.journal())
            kill(getpid(), SIGKILL)
        }
        #expect(journal.look() == [.orphaned])
    }

    @Test func observingEndsWithTheJournal() async throws {
        let (mount, locks) = try {
            let journal = try fixture.journal()
            journal.observe(every: .milliseconds(1)) { _ in true }
            return (journal.lock.id, journal.locks)
        }()
        try await eventually("nobody holds it") { !locks.isAlive(mount) }
        #expect(fixture.log.text == "")
    }

    // MARK: without a mount

    @Test func aRetryWithoutAMountIsForTheNextOne() throws {
        let dead = try fixture.journal(boot: "before")
        let states: [JournalState] = [.writing, .failed("no"), .spoiled(errno: ENOSPC), .sealed]
        let files = try states.map { state in
            let file = try fixture.file(in: dead)
            file.setState(state)
            return file
        }
        dead.close()
        #expect(try fixture.entry(files[3])?.problem == "the machine went down before it was safely on disk")
        for file in files { #expect(try retry(file) == .done) }
        #expect(try retry(files[0]) == .needless)
        // It is safe on disk now, whatever becomes of the machine.
        #expect(try fixture.journal(boot: "after").adopt().map(\.state) == [.sealed, .sealed, .sealed, .sealed])
    }

    @Test func aDiscardWithoutAMountIsDoneAtOnce() throws {
        let dead = try fixture.journal()
        let file = try fixture.file(in: dead)
        file.setState(.sealed)
        file.sendingWhole()
        dead.close()
        #expect(try discard(file) == .done)
        #expect(!fixture.exists(file))
        #expect(try fixture.control().entries().isEmpty)
    }

    @Test func anOpenUploadIsLeftToTheNextMount() throws {
        let dead = try fixture.journal()
        let file = try fixture.file(in: dead)
        file.setState(.failed("no"))
        file.began("300", partSize: 5 << 20)
        dead.close()
        #expect(try discard(file) == .left)
        #expect(!fixture.exists(file))
        #expect(try fixture.entry(file)?.status == .discarded)
        let found = try #require(try fixture.journal().adopt().first)
        #expect(found.state == .discarded)
        #expect(found.file.progress == .parts(of: "300", partSize: 5 << 20, sent: [:]))
    }

    @Test func aRequestSurvivesItsMount() throws {
        let dead = try fixture.journal()
        let retried = try fixture.file(in: dead)
        let discarded = try fixture.file(in: dead)
        for file in [retried, discarded] { file.setState(.failed("no")) }
        _ = try retry(retried)
        _ = try discard(discarded)
        dead.close()
        let journal = try fixture.journal()
        let found = try journal.adopt()
        #expect(found.first { $0.file.serial == retried.serial }?.state == .sealed)
        #expect(found.first { $0.file.serial == discarded.serial }?.state == .discarded)
        #expect(journal.look() == [])
    }

    @Test func orphansAreListedAndGoOnRequestAlone() throws {
        let staged = try fixture.area.makeFile(named: "old.bam")
        try staged.write([1, 2, 3], at: 0)
        let control = try fixture.control()
        let entry = try #require(try control.entries().first)
        #expect(entry.status == .orphan)
        #expect(entry.path == "old.bam")
        #expect(entry.size == 3)
        #expect(!FileManager.default.fileExists(atPath: fixture.directory.appending("journal.sqlite").string))
        _ = try fixture.journal().adopt()
        #expect(FileManager.default.fileExists(atPath: staged.path.string))
        #expect(try control.discard(entry) == .done)
        #expect(!FileManager.default.fileExists(atPath: staged.path.string))
        #expect(try control.discard(entry) == .gone)
    }

    @Test func aRowWithoutItsFileCanOnlyBeForgotten() throws {
        let dead = try fixture.journal()
        let file = try fixture.file(in: dead)
        file.setState(.sealed)
        dead.close()
        unlink(fixture.staged(file).string)
        #expect(try retry(file) == .gone)
        #expect(try discard(file) == .done)
        #expect(try fixture.control().entries().isEmpty)
    }

    // MARK: what is shown

    @Test func theBytesSentFollowFromTheParts() throws {
        let journal = try fixture.journal()
        let size = 12 << 20
        let file = try fixture.file(bytes: size, in: journal)
        file.setState(.sealed)
        #expect(try fixture.entry(file)?.status == .waiting)
        file.began("300", partSize: 5 << 20)
        file.sending(part: 2)
        file.sending(part: 3)
        file.sent(part: 3, md5: "c")
        file.sending(part: 3)
        #expect(file.progress == .parts(of: "300", partSize: 5 << 20, sent: [2: "", 3: "c"]))
        let entry = try #require(try fixture.entry(file))
        #expect(entry.status == .uploading)
        #expect((entry.sent, entry.size) == (2 << 20, 12 << 20))
        #expect(entry.isMounted)
        file.arrived(as: "300") { true }
        #expect(try fixture.entry(file)?.sent == Int64(size))
    }

    @Test func problemsAreTold() throws {
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        file.setState(.failed("the service said no"))
        #expect(try fixture.entry(file)?.problem == "the service said no")
        file.setState(.spoiled(errno: ENOSPC))
        #expect(try fixture.entry(file)?.problem == "a write failed: No space left on device")
        file.setState(.spoiled(errno: EINTR))
        #expect(try fixture.entry(file)?.problem == "its writer was killed")
    }
}
