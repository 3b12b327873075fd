import BaseSpaceAPI
import Foundation
import GRDB
import SystemPackage
import TestSupport
import Testing

@testable import Uploads

/// What is told of a file is what the next mount finds.
@Suite struct JournalFileTests {
    private let fixture: JournalFixture
    private let journal: Journal

    init() throws {
        fixture = try JournalFixture()
        journal = try fixture.journal()
    }

    /// The file as a mount finds it that comes after this one.
    private func adopted(_ file: JournalFile) throws -> AdoptedFile {
        journal.close()
        return try #require(try fixture.journal().adopt().first { $0.file.serial == file.serial })
    }

    @Test func aNewFileIsBeingWritten() throws {
        let file = try fixture.file("out/a.bam", in: journal)
        let found = try adopted(file)
        #expect(found.state == .writing)
        #expect(found.container == .appResult("17"))
        #expect(found.path == "out/a.bam")
        #expect(found.permissions == 0o640)
        #expect(found.contentType == nil)
        #expect(found.modified == nil)
        #expect(abs(found.created.seconds - Timestamp.now.seconds) < 60)
        #expect(found.file.progress == .none)
    }

    @Test(arguments: [
        JournalState.writing, .sealed, .failed("no"), .spoiled(errno: 28), .arrived, .discarded,
    ])
    func aStateIsRemembered(state: JournalState) throws {
        let file = try fixture.file(in: journal)
        file.setState(.sealed)
        file.setState(state)
        #expect(try adopted(file).state == state)
    }

    @Test func whatIsCalledAfterTheEndIsNotRememberedAndHarmsNothing() async throws {
        let file = try fixture.file(in: journal)
        // Whoever is in the middle of a call when the journal ends must not meet a connection that is gone.
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { [journal] in
                    for _ in 0..<50 {
                        _ = journal.directories()
                        _ = journal.look()
                    }
                }
            }
            group.addTask { [journal] in journal.close() }
        }
        file.setState(.sealed)
        #expect(throws: Errno.badFileDescriptor) { try fixture.file(in: journal) }
        #expect(journal.directories().isEmpty)
        #expect(try adopted(file).state == .writing)
    }

    @Test func placeAndAttributesAreRemembered() throws {
        let file = try fixture.file(in: journal)
        let modified = Timestamp(seconds: -5, nanoseconds: 999_999_999)
        file.setDetails(permissions: 0o600, contentType: "text/plain", modified: modified)
        try file.move(to: .sample("4"), path: "b")
        let found = try adopted(file)
        #expect(found.permissions == 0o600)
        #expect(found.contentType == "text/plain")
        #expect(found.modified == modified)
        #expect(found.container == .sample("4"))
        #expect(found.path == "b")
    }

    @Test func aRemovedFileIsForgottenAndStaysSo() throws {
        let file = try fixture.file(in: journal)
        file.began("3", partSize: 5 << 20)
        file.sent(part: 1, md5: "a")
        file.remove()
        file.setState(.sealed)
        file.sent(part: 2, md5: "b")
        file.arrived(as: "3") { true }
        #expect(try fixture.control().entries().map(\.status) == [.orphan])
        #expect(fixture.log.text == "")
    }

    @Test func aVersionThatWasSealedWhileTheOneBeforeArrivedIsStillToBeSent() throws {
        let file = try fixture.file(in: journal)
        file.setState(.sealed)
        file.arrived(as: "3") { false }
        #expect(try adopted(file).state == .sealed)
    }

    @Test func whatIsOpenForAnotherPlaceIsForgotten() throws {
        let file = try fixture.file(in: journal)
        file.began("3", partSize: 5 << 20)
        file.sent(part: 1, md5: "a")
        try file.move(to: .appResult("17"), path: "b")
        #expect(file.progress == .none)
        #expect(try adopted(file).file.progress == .none)
    }

    @Test func theProgressOfAnUploadIsRemembered() throws {
        let file = try fixture.file(in: journal)
        file.sendingWhole()
        #expect(file.progress == .sendingWhole)
        file.began("300", partSize: 5 << 20)
        file.sent(part: 1, md5: "a")
        file.sent(part: 2, md5: "b")
        file.sent(part: 1, md5: "c")
        let progress = UploadProgress.parts(of: "300", partSize: 5 << 20, sent: [1: "c", 2: "b"])
        #expect(file.progress == progress)
        #expect(try adopted(file).file.progress == progress)
    }

    @Test func anotherUploadKnowsNoPartOfTheFirst() throws {
        let file = try fixture.file(in: journal)
        file.began("300", partSize: 5 << 20)
        file.sent(part: 1, md5: "a")
        file.abandoned()
        #expect(file.progress == .none)
        file.began("301", partSize: 6 << 20)
        let progress = UploadProgress.parts(of: "301", partSize: 6 << 20, sent: [:])
        #expect(file.progress == progress)
        #expect(try adopted(file).file.progress == progress)
    }

    @Test func whatHasArrivedIsOver() throws {
        let file = try fixture.file(in: journal)
        file.setDetails(permissions: 0o644, contentType: nil, modified: Timestamp(seconds: 9))
        file.setState(.sealed)
        file.began("300", partSize: 5 << 20)
        file.sent(part: 1, md5: "a")
        file.arrived(as: "300") { true }
        #expect(journal.modifiedTimes() == ["300": Timestamp(seconds: 9)])
        let found = try adopted(file)
        #expect(found.state == .arrived)
        #expect(found.file.progress == .none)
    }

    @Test(arguments: [JournalState.writing, .spoiled(errno: 5)])
    func whatWasWrittenWhileItArrivedIsNot(state: JournalState) throws {
        let file = try fixture.file(in: journal)
        file.setState(.sealed)
        file.sendingWhole()
        file.setState(state)
        file.arrived(as: "300") { true }
        #expect(file.progress == .none)
        #expect(try adopted(file).state == state)
    }

    @Test func whatIsSoAlreadyCostsNoWrite() throws {
        let file = try fixture.file(in: journal)
        file.setState(.failed("no"))
        file.began("300", partSize: 5 << 20)
        file.sent(part: 1, md5: "a")
        try file.makeDurable()
        let before = fixture.logSize
        file.setState(.failed("no"))
        file.setDetails(permissions: 0o640, contentType: nil, modified: nil)
        try file.move(to: JournalFixture.container, path: "out/a.bam")
        file.sent(part: 1, md5: "a")
        try file.makeDurable()
        #expect(fixture.logSize == before)
        file.setState(.failed("still no"))
        #expect(fixture.logSize > before)
    }

    @Test func theTimesOfUploadedFilesAreBounded() throws {
        let kept = Journal.modifiedTimesKept
        journal.setModified(of: "1", Timestamp(seconds: 1))
        journal.setModified(of: "1", Timestamp(seconds: 2, nanoseconds: 3))
        #expect(journal.modifiedTimes() == ["1": Timestamp(seconds: 2, nanoseconds: 3)])
        // As if many had come since.
        try journal.database.change { database in
            try database.execute(sql: "UPDATE modified SET sequence = 1")
            try database.execute(
                sql: "INSERT INTO modified VALUES (?, ?, '2', 0, 0)",
                arguments: [kept, JournalFixture.account]
            )
        }
        journal.setModified(of: "3", Timestamp(seconds: 3))
        #expect(Set(journal.modifiedTimes().keys) == ["2", "3"])
    }

    @Test func directoriesBelongToTheirAccount() throws {
        let other = try fixture.journal(account: "somebody else")
        for path in ["b", "a/c", "a", "a"] { journal.addDirectory(container: .appResult("17"), path: path) }
        journal.addDirectory(container: .appResult("18"), path: "a")
        other.addDirectory(container: .appResult("17"), path: "z")
        journal.removeDirectory(container: .appResult("17"), path: "b")
        let found = journal.directories()
        #expect(
            Set(found.map { "\($0.container): \($0.path)" }) == [
                "AppResult 17: a", "AppResult 17: a/c", "AppResult 18: a",
            ]
        )
        #expect(found.last?.path == "a/c")
        #expect(other.directories().map(\.path) == ["z"])
    }

    @Test func whatCannotBeRememberedIsLogged() throws {
        let file = try fixture.file(in: journal)
        try journal.database.change { try $0.execute(sql: "DROP TABLE part") }
        file.sent(part: 1, md5: "a")
        #expect(fixture.log.text.contains("part 1 of \(file.serial)"))
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs to mount"))
    func aFullDiskIsToldToWhoCreates() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let fixture = try JournalFixture(directory: disk.path)
        let journal = try fixture.journal()
        let file = try fixture.file(in: journal)
        let filler = try fixture.area.makeFile(named: "filler")
        var offset: Int64 = 0
        while (try? filler.write([UInt8](repeating: 1, count: 4096), at: offset)) != nil { offset += 4096 }
        #expect(throws: Errno.noSpace) {
            // Some of them may find a place in what the journal has already.
            for number in 0..<10_000 {
                _ = try journal.stage(
                    in: fixture.area,
                    for: JournalFixture.container,
                    path: "\(number)",
                    permissions: 0o644
                )
            }
        }
        #expect(throws: Errno.noSpace) {
            for number in 0..<10_000 { try file.move(to: .appResult("1"), path: String(repeating: "x", count: number)) }
        }
        // What does not throw is logged, and nobody falls over.
        file.setState(.failed(String(repeating: "x", count: 100_000)))
        #expect(fixture.log.text.contains("that \(file.serial) is failed"))
        // With room again, all goes on.
        filler.remove()
        try filler.truncate(to: 0)
        file.setState(.sealed)
        journal.close()
        let adopted = try fixture.journal().adopt()
        #expect(adopted.first { $0.file.serial == file.serial }?.state == .sealed)
    }
}
