import BaseSpaceAPI
import Foundation
import GRDB
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Uploads

/// Who gets a file whose mount has ended.
@Suite struct JournalAdoptionTests {
    private let fixture: JournalFixture

    init() throws {
        fixture = try JournalFixture()
    }

    @Test func aLivingMountKeepsItsFiles() throws {
        let one = try fixture.journal()
        let file = try fixture.file(in: one)
        file.setState(.sealed)
        let two = try fixture.journal()
        #expect(try two.adopt().isEmpty)
        one.close()
        #expect(try two.adopt().map(\.file.serial) == [file.serial])
        #expect(try two.adopt().isEmpty)
    }

    @Test func anotherAccountsFilesStay() throws {
        let one = try fixture.journal()
        _ = try fixture.file(in: one)
        one.close()
        #expect(try fixture.journal(account: "somebody else").adopt().isEmpty)
        #expect(try fixture.journal().adopt().count == 1)
    }

    /// A process is killed with a file in each state; the next one finds each as it was told.
    @Test func aMountThatIsKilledLeavesWhatItKnew() async throws {
        let path = fixture.directory.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let fixture = try JournalFixture(directory: FilePath(path))
            let journal = try fixture.journal()
            _ = try fixture.file("writing", in: journal)
            try fixture.file("sealed", in: journal).setState(.sealed)
            try fixture.file("failed", in: journal).setState(.failed("why"))
            let file = try fixture.file("parts", in: journal)
            file.setState(.sealed)
            file.began("300", partSize: 5 << 20)
            file.sent(part: 1, md5: "a")
            kill(getpid(), SIGKILL)
        }
        let found = try fixture.journal().adopt()
        #expect(found.map(\.path) == ["writing", "sealed", "failed", "parts"])
        #expect(found.map(\.state) == [.writing, .sealed, .failed("why"), .sealed])
        #expect(found.last?.file.progress == .parts(of: "300", partSize: 5 << 20, sent: [1: "a"]))
    }

    /// A process is killed between making a file and noting it: the file is empty, and nobody waits for it.
    @Test func anEmptyFileThatIsInNoJournalGoes() throws {
        let beginning = try fixture.area.makeFile(named: "beginning")
        let orphan = try fixture.area.makeFile(named: "orphan")
        try orphan.write([1], at: 0)
        let other = try fixture.journal(account: "somebody else")
        let (empty, _) = try other.stage(
            in: fixture.area,
            for: JournalFixture.container,
            path: "empty",
            permissions: 0o644
        )
        #expect(try fixture.journal().adopt().isEmpty)
        let left = StagingArea.files(in: fixture.area.directory).keys
        #expect(left.sorted() == [orphan.serial, empty.serial].sorted())
        withExtendedLifetime(beginning) {}
    }

    /// Where it is not known what a damaged journal knew, nothing goes.
    @Test func besideADamagedJournalEmptyFilesStay() throws {
        let file = try fixture.area.makeFile(named: "marker")
        try Data("no database".utf8).write(to: URL(filePath: fixture.directory.appending("journal.sqlite").string))
        try fixture.journal().close()
        #expect(try fixture.journal().adopt().isEmpty)
        #expect(StagingArea.files(in: fixture.area.directory).keys.sorted() == [file.serial])
    }

    /// What nobody has changed yet is forgotten with its mount, from its first moment.
    @Test func aCopyIsForgottenUnlessMoreIsSaidOfIt() throws {
        let journal = try fixture.journal()
        let (copy, _) = try journal.stage(
            in: fixture.area,
            for: JournalFixture.container,
            path: "a",
            permissions: 0o644,
            as: .discarded
        )
        journal.close()
        #expect(try fixture.journal().adopt().map(\.state) == [.discarded])
        withExtendedLifetime(copy) {}
    }

    @Test func ofManyMountsOneGetsEachFile() async throws {
        let dead = try fixture.journal()
        let serials = try (0..<50).map { try fixture.file("\($0)", in: dead).serial }
        dead.close()
        let heirs = try (0..<4).map { _ in try fixture.journal() }
        let found = try await withThrowingTaskGroup { group in
            for heir in heirs { group.addTask { try await onOwnThread { try heir.adopt().map(\.file.serial) } } }
            return try await group.reduce(into: [[String]]()) { $0.append($1) }
        }
        #expect(found.flatMap(\.self).sorted() == serials.sorted())
    }

    @Test func manyMountsMayBeginAtOnce() async throws {
        try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                group.addTask { [fixture] in
                    try await onOwnThread {
                        let journal = try fixture.journal()
                        for index in 0..<20 { try fixture.file("\(number)-\(index)", in: journal).setState(.sealed) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.journal().adopt().count == 160)
    }

    @Test func theLocksOfDeadMountsGo() async throws {
        let path = fixture.directory.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let journal = try JournalFixture(directory: FilePath(path)).journal()
            withExtendedLifetime(journal) { _ = kill(getpid(), SIGKILL) }
        }
        let mounts = fixture.directory.appending("mounts").string
        let dead = try FileManager.default.contentsOfDirectory(atPath: mounts)
        #expect(dead.count == 1)
        let journal = try fixture.journal()
        #expect(try FileManager.default.contentsOfDirectory(atPath: mounts) == ["\(journal.lock.id).lock"])
        journal.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: mounts) == [])
    }

    // MARK: the machine goes down

    @Test func whatWasNotSafeWhenTheMachineWentDownIsSpoiled() async throws {
        let before = try fixture.journal(boot: "before")
        let unsafe = try fixture.file("unsafe", in: before)
        let failed = try fixture.file("failed", in: before)
        let synced = try fixture.file("synced", in: before)
        let writtenSince = try fixture.file("written since", in: before)
        for file in [unsafe, synced, writtenSince] { file.setState(.sealed) }
        failed.setState(.failed("no"))
        try synced.makeDurable()
        try writtenSince.makeDurable()
        writtenSince.setState(.writing)
        writtenSince.setState(.sealed)
        before.close()
        let found = try fixture.journal(boot: "after").adopt()
        #expect(found.map(\.path) == ["unsafe", "failed", "synced", "written since"])
        let spoiled = JournalState.spoiled(errno: EIO)
        #expect(found.map(\.state) == [spoiled, spoiled, .sealed, spoiled])
        #expect(found.first?.reason == "the machine went down before it was safely on disk")
        #expect(found[2].reason == nil)
    }

    @Test func theSameBootSpoilsNothing() throws {
        let before = try fixture.journal()
        try fixture.file(in: before).setState(.sealed)
        before.close()
        let found = try fixture.journal().adopt()
        #expect(found.map(\.state) == [.sealed])
        #expect(found.map(\.file.progress) == [.none])
    }

    /// The last commits before the machine went down may be missing, and with them the begin of an upload.
    @Test func afterARestartAnUploadMayHaveArrivedUnnoticed() async throws {
        let before = try fixture.journal(boot: "before")
        let unknown = try fixture.file("unknown", in: before)
        let begun = try fixture.file("begun", in: before)
        for file in [unknown, begun] { file.setState(.sealed) }
        begun.began("300", partSize: 5 << 20)
        await before.secure()
        before.close()
        let found = try fixture.journal(boot: "after").adopt()
        #expect(found.map(\.state) == [.sealed, .sealed])
        #expect(found.map(\.file.progress) == [.sendingWhole, .parts(of: "300", partSize: 5 << 20, sent: [:])])
    }

    @Test func securingMakesAllThatIsSealedSafe() async throws {
        let before = try fixture.journal(boot: "before")
        let files = try (0..<3).map { try fixture.file("\($0)", in: before) }
        for file in files { file.setState(.sealed) }
        await before.secure()
        // Sealed again after that: not safe.
        files[1].setState(.writing)
        files[1].setState(.sealed)
        files[2].setState(.failed("no"))
        before.close()
        let found = try fixture.journal(boot: "after").adopt()
        #expect(found.map(\.state) == [.sealed, .spoiled(errno: EIO), .failed("no")])
    }

    @Test func anAdoptedFileIsMadeSafeToo() async throws {
        let one = try fixture.journal(boot: "before")
        let file = try fixture.file(in: one)
        file.setState(.sealed)
        one.close()
        let two = try fixture.journal(boot: "before")
        let adopted = try two.adopt()
        await two.secure()
        two.close()
        withExtendedLifetime(adopted) {}
        #expect(try fixture.journal(boot: "after").adopt().map(\.state) == [.sealed])
    }

    // MARK: what is missing

    @Test func aFileThatIsGoneIsSaidAndLeft() throws {
        let one = try fixture.journal()
        let file = try fixture.file("out/a.bam", in: one)
        unlink(fixture.staged(file).string)
        one.close()
        #expect(try fixture.journal().adopt().isEmpty)
        #expect(fixture.log.text.contains("'\(fixture.staged(file))' is gone"))
        #expect(try fixture.entry(file)?.status == .lost)
    }

    @Test func whatIsOverNeedsNoFile() throws {
        let one = try fixture.journal()
        let arrived = try fixture.file(in: one)
        arrived.setState(.arrived)
        unlink(fixture.staged(arrived).string)
        one.close()
        #expect(try fixture.journal().adopt().map(\.state) == [.arrived])
    }

    // MARK: the database itself

    @Test func aDamagedJournalIsSetAside() throws {
        let one = try fixture.journal()
        let file = try fixture.file(in: one)
        one.close()
        let path = fixture.directory.appending("journal.sqlite").string
        try Data(repeating: 0x55, count: 20_000).write(to: URL(filePath: path))
        #expect(throws: UploadError.self) { try fixture.control() }
        let two = try fixture.journal()
        #expect(try two.adopt().isEmpty)
        #expect(fixture.log.text.contains("The journal was damaged"))
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.string)
        #expect(names.contains { $0.hasPrefix("journal-damaged-") && $0.hasSuffix(".sqlite") })
        #expect(fixture.exists(file))
        #expect(try fixture.entry(file)?.status == .orphan)
        _ = try fixture.file(in: two)
    }

    /// Damage in the middle, which SQLite would meet later, or never.
    @Test func damageInsideIsFoundToo() throws {
        let one = try fixture.journal()
        for number in 0..<200 { _ = try fixture.file("\(number)", in: one) }
        one.close()
        let path = fixture.directory.appending("journal.sqlite").string
        var bytes = try Data(contentsOf: URL(filePath: path))
        for page in stride(from: 4096 * 12, to: bytes.count, by: 4096) {
            bytes.replaceSubrange(page..<page + 100, with: Data(repeating: 0xAA, count: 100))
        }
        try bytes.write(to: URL(filePath: path))
        _ = try fixture.journal()
        #expect(fixture.log.text.contains("The journal was damaged"))
    }

    @Test func aDamagedJournalIsLeftToTheMountsThatUseIt() throws {
        let one = try fixture.journal()
        // Another file under its name: what the mount has open stays whole.
        let path = fixture.directory.appending("journal.sqlite").string
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        try Data(repeating: 0x55, count: 20_000).write(to: URL(filePath: path))
        let error = #expect(throws: UploadError.self) { try fixture.journal() }
        #expect(error?.message.contains("unmount the other mounts") == true)
        one.close()
        _ = try fixture.journal()
    }

    @Test func aLaterVersionsJournalIsRefused() throws {
        let one = try fixture.journal()
        try one.database.change { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('later')") }
        one.close()
        for open in [{ _ = try fixture.journal() }, { _ = try fixture.control() }] {
            let error = #expect(throws: UploadError.self) { try open() }
            #expect(error?.code == .journalUnavailable)
            #expect(error?.message.contains("a later version of basespacefs has written it; use that version") == true)
        }
    }

    @Test func itIsItsUsersAlone() throws {
        let journal = try fixture.journal()
        _ = try fixture.file(in: journal)
        for (name, mode) in [("", 0o700), ("journal.sqlite", 0o600), ("journal.sqlite-wal", 0o600), ("mounts", 0o700)] {
            var status = stat()
            #expect(lstat(fixture.directory.appending(name).string, &status) == 0)
            #expect(status.st_mode & 0o777 == mode, "\(name)")
        }
    }

    @Test func whatIsInTheWayIsNamed() throws {
        let path = fixture.directory.appending("mounts")
        try Data().write(to: URL(filePath: path.string))
        let error = #expect(throws: UploadError.self) { try fixture.journal() }
        #expect(error?.code == .journalUnavailable)
        #expect(error?.systemError == .notDirectory)
    }
}
