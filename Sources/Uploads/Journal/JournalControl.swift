internal import BaseSpaceAPI
internal import FoundationEssentials
internal import GRDB
internal import Glibc
public import SystemPackage

/// The journal as seen from outside: no mount of its own, no account, no network. It works beside living mounts and
/// without any, for the files of all accounts.
public final class JournalControl: Sendable {
    let database: JournalDatabase?
    let locks: MountLocks
    /// Where the staged files are.
    public let stagingDirectory: FilePath
    private let path: FilePath

    /// Opens what is there. Where there is no journal, none is made; staged files are orphans then.
    ///
    /// - Parameter directory: Where `journal.sqlite`, `staged` and `mounts` are, if they are.
    /// - Throws: `journalUnavailable` when the journal can't be opened, is damaged, or comes from a later version.
    public init(directory: FilePath) throws(UploadError) {
        stagingDirectory = directory.appending("staged")
        path = directory.appending(JournalDatabase.fileName)
        let mounts = directory.appending(MountLocks.directoryName)
        guard path.withPlatformString({ access($0, F_OK) }) == 0 else {
            locks = MountLocks(existing: mounts)
            database = nil
            return
        }
        do throws(Errno) {
            locks = try MountLocks(directory: mounts)
        } catch {
            throw UploadError(journal: path, JournalFault(opening: error))
        }
        do throws(JournalFault) {
            database = try locks.exclusively { [path] () throws(JournalFault) in
                try JournalDatabase(path: path)
            } orElse: {
                JournalFault(opening: $0)
            }
        } catch {
            throw UploadError(journal: path, error)
        }
    }

    /// All staged files, the oldest first.
    public func entries() throws(UploadError) -> [JournalEntry] {
        let files = StagingArea.files(in: stagingDirectory)
        let rows: [(FileRow, Set<Int>)]
        do throws(JournalFault) {
            rows =
                try database?.read { database in
                    let acknowledged = PartRow.filter(Column("md5") != "")
                    let parts = try acknowledged.fetchAll(database).reduce(into: [String: Set<Int>]()) { parts, part in
                        parts[part.serial, default: []].insert(part.number)
                    }
                    return try FileRow.fetchAll(database).map { ($0, parts[$0.serial] ?? []) }
                } ?? []
        } catch {
            throw UploadError(journal: path, error)
        }
        let living = Set(locks.living)
        let known = rows.map { row, parts in
            var row = row
            row.judge(inBoot: BootID.current)
            return JournalEntry(row, parts: parts, file: files[row.serial], isMounted: living.contains(row.owner))
        }
        let serials = Set(known.map(\.serial))
        let orphans = files.filter { !serials.contains($0.key) }.map { JournalEntry(orphan: $0.key, file: $0.value) }
        return (known + orphans).sorted { ($0.created, $0.serial) < ($1.created, $1.serial) }
    }

    /// Changes a row, if it is there still, while no mount can adopt it.
    func changeRow<Result>(
        _ serial: String,
        durably: Bool = false,
        _ body: (_ row: FileRow, _ isMounted: Bool, _ database: Database) throws -> Result
    ) throws(UploadError) -> Result? {
        do throws(JournalFault) {
            return try database?.change(durably: durably) { database in
                guard let row = try FileRow.fetchOne(database, key: serial) else { return nil as Result? }
                return try body(row, locks.isAlive(row.owner), database)
            } ?? nil
        } catch {
            throw UploadError(journal: path, error)
        }
    }
}
