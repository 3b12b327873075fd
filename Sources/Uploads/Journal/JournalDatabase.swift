internal import GRDB
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// The connection of this process to the journal's database. All calls may come from any thread, and are done one after
/// the other.
///
/// SQLite's write-ahead log lets several processes use it at once. An ordinary commit survives the end of the process,
/// but not the loss of power; one that is made durably also makes all those before it durable.
final class JournalDatabase: Sendable {
    static let fileName = "journal.sqlite"

    /// `nil` once it is closed. GRDB crashes when a connection is used that was closed explicitly, so the connection is given
    /// up instead, and ends with the last call that is under way.
    private let connection: Mutex<DatabaseQueue?>

    /// A commit takes microseconds; one that waits for a disk takes as long as that. Who waits longer waits for a
    /// process that was stopped.
    private static let patience: Double = 10

    /// Opens or creates the file, readable by its user alone, and brings its tables up to date. The caller holds the
    /// lock of the mounts.
    init(path: FilePath) throws(JournalFault) {
        // SQLite gives the log and its index the mode of the file. One that exists is not opened here: SQLite's locks
        // of a file end when the process closes any descriptor of it.
        do throws(Errno) {
            let file = try SystemCall.perform {
                path.withPlatformString { Glibc.open($0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
            }
            Glibc.close(file)
        } catch .fileExists {
            // The usual case.
        } catch {
            throw JournalFault(opening: error)
        }
        do {
            let queue = try DatabaseQueue(path: path.string, configuration: Self.configuration)
            try Self.prepare(queue)
            connection = Mutex(queue)
        } catch let fault as JournalFault {
            throw fault
        } catch {
            throw JournalFault(error)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "journal"
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(patience)
        return configuration
    }

    private static func prepare(_ queue: DatabaseQueue) throws {
        guard try !queue.read(JournalSchema.migrator.hasBeenSuperseded) else { throw JournalFault.newer }
        let verdict = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard verdict == "ok" else { throw JournalFault(damage: verdict ?? "it can't be checked") }
        try JournalSchema.migrator.migrate(queue)
    }

    /// Reads, all of it at one moment.
    func read<Result>(_ body: (Database) throws -> Result) throws(JournalFault) -> Result {
        do {
            return try queue().read { database in
                try requireOpen()
                return try body(database)
            }
        } catch {
            throw JournalFault(error)
        }
    }

    /// Changes all or nothing, while no other process changes anything.
    ///
    /// - Parameters:
    ///   - durably: Whether to return only when this and all that was committed before is safe on the disk.
    ///   - committed: Is called before anybody else can change something.
    @discardableResult
    func change<Result>(
        durably: Bool = false,
        _ body: (Database) throws -> Result,
        committed: (Result) -> Void = { _ in }
    ) throws(JournalFault) -> Result {
        do {
            return try queue().writeWithoutTransaction { database in
                try requireOpen()
                if durably { try database.execute(sql: "PRAGMA synchronous = FULL") }
                defer {
                    // It can't fail outside of a transaction; if it did, commits would be slower, not wrong.
                    if durably { try? database.execute(sql: "PRAGMA synchronous = NORMAL") }
                }
                let result = try Self.transaction(in: database, body)
                committed(result)
                return result
            }
        } catch let fault as JournalFault {
            throw fault
        } catch {
            throw JournalFault(error)
        }
    }

    private static func transaction<Result>(
        in database: Database,
        _ body: (Database) throws -> Result
    ) throws -> Result {
        try database.beginTransaction(.immediate)
        do {
            let result = try body(database)
            try database.commit()
            return result
        } catch {
            // Some errors have ended the transaction already.
            try? database.rollback()
            throw error
        }
    }

    /// A number that changes when another connection has changed something. Costs a look at shared memory.
    func version() throws(JournalFault) -> Int {
        do {
            return try queue().writeWithoutTransaction { database in
                try requireOpen()
                return try Int.fetchOne(database, sql: "PRAGMA data_version") ?? 0
            }
        } catch {
            throw JournalFault(error)
        }
    }

    /// Ends the connection when the call that is under way is done, and waits for it; all others fail from now on, those too
    /// that wait for their turn: what they would change may be another mount's by then.
    func close() {
        let queue = connection.withLock { $0.take() }
        queue?.writeWithoutTransaction { _ in }
    }

    var isClosed: Bool { connection.withLock { $0 == nil } }

    /// Called when it is the caller's turn.
    private func requireOpen() throws {
        guard !isClosed else { throw JournalFault(opening: .badFileDescriptor) }
    }

    private func queue() throws -> DatabaseQueue {
        guard let queue = connection.withLock({ $0 }) else { throw JournalFault(opening: .badFileDescriptor) }
        return queue
    }
}
