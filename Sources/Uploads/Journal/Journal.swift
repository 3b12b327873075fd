public import BaseSpaceAPI
internal import GRDB
public import Logging
internal import Synchronization
public import SystemPackage
internal import Threading

/// What is known of each staged file beside its bytes: where it goes, how far it is, who answers for it. The journal is
/// the truth after the end of a process or of the machine, at whatever moment that comes.
///
/// It is a database that all mounts of a user share. Each file belongs to the mount that made it, or that adopted it
/// when its own had ended; the lock that a living mount holds (`MountLocks`) decides which is which. Other processes
/// never change a living mount's rows: they leave requests, which the mount looks for about once a second.
///
/// Calls block for as long as a commit takes, which is some microseconds unless the disk is slow or full.
/// `makeDurable`, `secure` and `adopt` wait for the disk.
///
/// Locks: the connection does one thing at a time; the state of a `JournalFile`, and of this, is an inner lock.
public final class Journal: Sendable {
    struct State {
        var isClosed = false
        /// Sealed, and not known to be safe on disk.
        var unsecured: [String: Unsecured] = [:]
        /// The failures to note what is safe.
        var securing = Backoff()
        /// The last look failed, and that was said.
        var isBlind = false
        /// What the last look at the requests found; nothing has been seen before the first one.
        var seen: Int?
        /// The requests that were handed out and have not ended.
        var serving: Set<JournalRequest> = []
        /// The other mounts that have files of this account.
        var others: Set<String> = []
        /// Those of them whose death was told.
        var told: Set<String> = []
        var observation: Task<Void, Never>?
    }

    struct Unsecured {
        weak var file: JournalFile?
        var seal: Int64
    }

    /// Of the database, the staged files and the locks.
    let directory: FilePath
    let account: String
    let holdsFiles: Bool
    let logger: Logger
    let database: JournalDatabase
    let locks: MountLocks
    let lock: MountLock
    /// The run of the kernel in which this mount lives.
    let boot: String
    let state = Mutex(State())
    /// For what waits for the disk.
    let work = BlockingWork(name: "journal", threads: 1)

    /// Opens the journal, or begins one, as a new mount.
    ///
    /// A damaged database is set aside and a new one begun: the staged files are there still, but what was known of
    /// them is not (`JournalControl` lists them).
    ///
    /// - Parameters:
    ///   - directory: Where `journal.sqlite`, `staged` and `mounts` are.
    ///   - account: The server and the user; the rows of other accounts are nobody's business here.
    ///   - holdsFiles: Whether the files of this mount wait for the end of their session, in later mounts too.
    /// - Throws: `journalUnavailable` when it can't be created, opened or locked, or comes from a later version.
    public convenience init(
        directory: FilePath,
        account: String,
        holdsFiles: Bool = false,
        logger: Logger
    ) throws(UploadError) {
        try self.init(
            directory: directory,
            account: account,
            holdsFiles: holdsFiles,
            boot: BootID.current,
            logger: logger
        )
    }

    init(
        directory: FilePath,
        account: String,
        holdsFiles: Bool = false,
        boot: String,
        logger: Logger
    ) throws(UploadError) {
        self.directory = directory
        self.account = account
        self.holdsFiles = holdsFiles
        self.boot = boot
        self.logger = logger
        let path = directory.appending(JournalDatabase.fileName)
        func unavailable(_ error: Errno) -> UploadError { UploadError(journal: path, JournalFault(opening: error)) }
        do throws(Errno) {
            try StagingArea.prepare(directory)
            locks = try MountLocks(directory: directory.appending(MountLocks.directoryName))
        } catch {
            throw unavailable(error)
        }
        (database, lock) = try locks.exclusively { [locks] () throws(UploadError) in
            locks.sweep()
            let database = try JournalDatabase.open(path, repairingUnder: locks, logger: logger)
            do throws(Errno) {
                return (database, try locks.take())
            } catch {
                throw unavailable(error)
            }
        } orElse: {
            unavailable($0)
        }
    }

    deinit { close() }

    /// Ends this mount's part: its files can be adopted by others from now on. What is called afterwards is not
    /// remembered.
    public func close() {
        let observation = state.withLock { state in
            state.isClosed = true
            state.unsecured = [:]
            return state.observation.take()
        }
        observation?.cancel()
        database.close()
        lock.release()
    }

    /// Where the staged files are.
    var stagingDirectory: FilePath { directory.appending("staged") }

    /// Makes an empty staged file and begins to remember it.
    ///
    /// The file is made within the transaction, so that whoever can change the journal finds no file without a row but
    /// those that ended processes left (`adopt`).
    ///
    /// - Parameters:
    ///   - container: Where it goes.
    ///   - path: Of the file inside the container, without a slash in front.
    ///   - state: `discarded` for one that the next mount may forget as long as nothing else is said of it.
    /// - Throws: What the disk says: `noSpace`, `readOnlyFileSystem`, `ioError`. Nothing is left then.
    public func stage(
        in area: StagingArea,
        for container: FileContainer,
        path: String,
        permissions: UInt16,
        as state: JournalState = .writing
    ) throws(Errno) -> (StagedFile, JournalFile) {
        var refusal: Errno?
        var made: StagedFile?
        do throws(JournalFault) {
            let (file, row) = try database.change { database in
                let file: StagedFile
                do throws(Errno) {
                    file = try area.makeFile(named: FilePath(path).lastComponent?.string ?? "")
                } catch {
                    refusal = error
                    throw error
                }
                made = file
                var row = newRow(serial: file.serial, container: container, path: path, permissions: permissions)
                row.enter(state, boot: boot)
                try row.insert(database)
                return (file, row)
            }
            return (file, JournalFile(row: row, sent: [:], journal: self))
        } catch {
            made?.remove()
            if let refusal { throw refusal }
            logger.error("Can't note a new staged file in the journal: \(error)")
            throw error.errno
        }
    }

    private func newRow(serial: String, container: FileContainer, path: String, permissions: UInt16) -> FileRow {
        FileRow(
            serial: serial,
            account: account,
            owner: lock.id,
            containerKind: ContainerKind(container),
            containerID: container.id.rawValue,
            path: path,
            permissions: Int(permissions),
            created: FileRow.nanoseconds(Timestamp.now),
            boot: boot,
            isHeld: holdsFiles
        )
    }

    /// Says that something is not remembered; nobody could act upon it now.
    func report(_ fault: JournalFault, doing what: @autoclosure () -> String) {
        guard state.withLock({ !$0.isClosed }) else { return }
        logger.error("Can't note in the journal \(what()): \(fault); after a restart the upload may begin again")
    }
}
