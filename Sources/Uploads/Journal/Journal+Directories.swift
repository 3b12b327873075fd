public import BaseSpaceAPI
internal import GRDB
internal import Logging

/// What the service can't remember: directories without files, and the times that writers gave to their files.
extension Journal {
    /// So many times of uploaded files are kept, the newest: a few megabytes.
    static let modifiedTimesKept = 100_000

    /// Remembers a directory that exists here only.
    ///
    /// - Parameter path: Inside the container, without slashes at its ends.
    public func addDirectory(container: FileContainer, path: String) {
        note("the directory '\(path)'") { database in
            try database.execute(
                sql: "INSERT OR IGNORE INTO directory (account, containerKind, containerID, path) VALUES (?, ?, ?, ?)",
                arguments: self.key(container, path)
            )
        }
    }

    /// Forgets a directory.
    public func removeDirectory(container: FileContainer, path: String) {
        note("that the directory '\(path)' is gone") { database in
            try database.execute(
                sql: "DELETE FROM directory WHERE account = ? AND containerKind = ? AND containerID = ? AND path = ?",
                arguments: self.key(container, path)
            )
        }
    }

    /// The directories of this account, those above before those below.
    public func directories() -> [(container: FileContainer, path: String)] {
        recall("directories") { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT containerKind, containerID, path FROM directory WHERE account = ? ORDER BY path",
                arguments: [account]
            )
            return rows.map { row in
                let kind: ContainerKind = row["containerKind"]
                return (kind.container(row["containerID"]), row["path"])
            }
        } ?? []
    }

    /// Remembers the time that an uploaded file shows here.
    public func setModified(of fileID: EntityID, _ modified: Timestamp) {
        note("the time of file \(fileID)") { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO modified (account, fileID, seconds, nanoseconds) VALUES (?, ?, ?, ?)
                    """,
                arguments: [self.account, fileID.rawValue, modified.seconds, modified.nanoseconds]
            )
            try database.execute(
                sql: "DELETE FROM modified WHERE sequence <= (SELECT max(sequence) FROM modified) - ?",
                arguments: [Self.modifiedTimesKept]
            )
        }
    }

    /// The times of uploaded files of this account.
    public func modifiedTimes() -> [EntityID: Timestamp] {
        recall("times of uploaded files") { database in
            var times: [EntityID: Timestamp] = [:]
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT fileID, seconds, nanoseconds FROM modified WHERE account = ?",
                arguments: [account]
            )
            while let row = try rows.next() {
                times[EntityID(row["fileID"])] = Timestamp(seconds: row["seconds"], nanoseconds: row["nanoseconds"])
            }
            return times
        } ?? [:]
    }

    private func key(_ container: FileContainer, _ path: String) -> StatementArguments {
        [account, ContainerKind(container).rawValue, container.id.rawValue, path]
    }

    private func note(_ what: @autoclosure () -> String, _ body: (Database) throws -> Void) {
        do throws(JournalFault) {
            try database.change(body)
        } catch {
            report(error, doing: what())
        }
    }

    private func recall<Result>(_ what: String, _ body: (Database) throws -> Result) -> Result? {
        do throws(JournalFault) {
            return try database.read(body)
        } catch {
            logger.error("Can't read the \(what) from the journal: \(error); they are not shown")
            return nil
        }
    }
}
