internal import BaseSpaceAPI
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import SystemPackage

extension JournalDatabase {
    /// Opens the database; one that is damaged is set aside, and a new one begun. The caller holds the lock of the
    /// mounts.
    static func open(
        _ path: FilePath,
        repairingUnder locks: MountLocks,
        logger: Logger
    ) throws(UploadError) -> JournalDatabase {
        let fault: JournalFault
        do throws(JournalFault) {
            return try JournalDatabase(path: path)
        } catch {
            fault = error
        }
        guard fault.kind == .damaged else { throw UploadError(journal: path, fault) }
        guard locks.living.isEmpty else {
            // They would go on writing to what is set aside.
            throw UploadError(journal: path, fault, advice: "unmount the other mounts, the next one then repairs it")
        }
        do throws(Errno) {
            let aside = try setAside(path)
            logger.error(
                """
                The journal was damaged (\(fault)) and is now '\(aside)'; the staged files are all there, \
                `basespacefs uploads list` shows them
                """
            )
        } catch {
            throw UploadError(journal: path, fault, advice: "it can't be moved away (\(error)): do that by hand")
        }
        do throws(JournalFault) {
            return try JournalDatabase(path: path)
        } catch {
            throw UploadError(journal: path, error)
        }
    }

    /// Whether a damaged database lies beside this one, so that there may be staged files which only that one knew.
    static func wasRepaired(in directory: FilePath) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.string)) ?? []
        return names.contains { $0.hasPrefix(damagedPrefix) }
    }

    private static let damagedPrefix = "journal-damaged-"

    /// Gives the database and what belongs to it another name, under which they still are one.
    private static func setAside(_ path: FilePath) throws(Errno) -> FilePath {
        let date = "\(Timestamp.now)".filter { $0 != ":" }
        let aside = path.removingLastComponent().appending("\(damagedPrefix)\(date).sqlite")
        for suffix in ["-wal", "-shm", ""] {
            do throws(Errno) {
                try SystemCall.perform { rename(path.string + suffix, aside.string + suffix) }
            } catch .noSuchFileOrDirectory {
                // Not every database has all three.
            }
        }
        return aside
    }
}
