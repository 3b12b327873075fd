public import BaseSpaceAPI
internal import GRDB
internal import Glibc
internal import Logging
internal import SystemPackage

/// A file of a mount that has ended, which belongs to this one now.
public struct AdoptedFile: Sendable {
    /// Its place in the journal.
    public let file: JournalFile
    /// Where it goes.
    public let container: FileContainer
    /// Of the file inside the container.
    public let path: String
    /// As its writer set them.
    public let permissions: UInt16
    /// What its writer chose, if he did.
    public let contentType: String?
    /// What its writer set, if he did.
    public let modified: Timestamp?
    /// Where it stands. One that is `writing` was never committed; `discarded` and `arrived` ones may have no staged
    /// file.
    public let state: JournalState
    /// Whether its mount left it to the end of its session.
    public let isHeld: Bool
    /// What spoiled it, where that is known.
    public let reason: String?
    /// When it was made.
    public let created: Timestamp
}

extension Journal {
    /// Takes over the files of this account whose mounts have ended, so that of all mounts one alone gets each.
    ///
    /// What waits for its upload but was not safe on disk when the machine went down comes back as spoiled. A file
    /// whose bytes are gone is left in the journal, and logged. An empty one that never came into the journal goes.
    ///
    /// - Throws: `journalUnavailable`.
    public func adopt() throws(UploadError) -> [AdoptedFile] {
        let found: (adopted: [AdoptedFile], lost: [FileRow])
        do throws(JournalFault) {
            found = try database.change { database in
                try removeBeginnings(database)
                return try adopt(in: database)
            }
        } catch {
            throw UploadError(journal: directory.appending(JournalDatabase.fileName), error)
        }
        for row in found.lost {
            logger.error(
                """
                The staged file '\(stagingDirectory.appending(row.serial))' is gone, which was to become \
                '\(row.path)' in \(row.container); `basespacefs uploads discard` forgets it
                """
            )
        }
        for file in found.adopted { file.file.expectSecuringIfNeeded() }
        return found.adopted
    }

    /// The files of this account that other living mounts answer for and the service has not got yet.
    ///
    /// - Throws: `journalUnavailable`.
    public func filesOfOthers() throws(UploadError) -> [(container: FileContainer, path: String)] {
        do throws(JournalFault) {
            let rows = try database.read { database in
                try FileRow
                    .filter(
                        sql: "account = ? AND owner <> ? AND stage NOT IN ('arrived', 'discarded')",
                        arguments: [account, lock.id]
                    )
                    .order(Column("created"))
                    .fetchAll(database)
            }
            var isAlive: [String: Bool] = [:]
            for owner in Set(rows.map(\.owner)) {
                isAlive[owner] = locks.isAlive(owner)
            }
            return rows.filter { isAlive[$0.owner] == true }.map { ($0.container, $0.path) }
        } catch {
            throw UploadError(journal: directory.appending(JournalDatabase.fileName), error)
        }
    }

    private func adopt(in database: Database) throws -> (adopted: [AdoptedFile], lost: [FileRow]) {
        var adopted: [AdoptedFile] = []
        var lost: [FileRow] = []
        var isDead: [String: Bool] = [:]
        let rows = try FileRow.filter(sql: "account = ? AND owner <> ?", arguments: [account, lock.id])
            .order(Column("created"))
            .fetchAll(database)
        for old in rows {
            let dead = isDead[old.owner] ?? !locks.isAlive(old.owner)
            isDead[old.owner] = dead
            guard dead else { continue }
            var row = old
            let request = try RequestRow.fetchOne(database, key: row.serial)
            if let request { honour(request, for: &row) }
            row.judge(inBoot: boot)
            row.doubtProgress(inBoot: boot)
            let isStaged = stagingDirectory.appending(row.serial).withPlatformString { access($0, F_OK) == 0 }
            guard isStaged || row.stage == .arrived || row.stage == .discarded else {
                lost.append(row)
                continue
            }
            row.owner = lock.id
            row.isAbandoned = row.stage == .writing
            try row.updateChanges(database, from: old)
            // Served by the same transaction that says so.
            try request?.delete(database)
            adopted.append(try AdoptedFile(row, parts: PartRow.sent(of: row.serial, in: database), journal: self))
        }
        return (adopted, lost)
    }

    /// Removes the files whose processes ended before their rows were committed. Nobody has got a handle for one of those,
    /// so it is empty, and nothing is lost with it. What a damaged journal knew of is not told from them by its looks,
    /// and stays.
    private func removeBeginnings(_ database: Database) throws {
        guard !JournalDatabase.wasRepaired(in: directory) else { return }
        let empty = StagingArea.files(in: stagingDirectory).filter { $0.value.size == 0 }.keys
        for serial in empty where try !FileRow.exists(database, key: serial) {
            _ = stagingDirectory.appending(serial).withPlatformString { unlink($0) }
        }
    }

    /// What was asked of its mount before that ended.
    private func honour(_ request: RequestRow, for row: inout FileRow) {
        switch request.kind {
        case .retry: row.enter(.sealed, boot: boot)
        case .discard: row.enter(.discarded, boot: boot)
        }
    }
}

extension AdoptedFile {
    fileprivate init(_ row: FileRow, parts: [Int: String], journal: Journal) {
        file = JournalFile(row: row, sent: parts, journal: journal)
        container = row.container
        path = row.path
        permissions = UInt16(clamping: row.permissions)
        contentType = row.contentType
        modified = row.modified
        state = row.state
        isHeld = row.isHeld
        reason = row.stage == .spoiled ? row.message : nil
        created = row.creation
    }
}
