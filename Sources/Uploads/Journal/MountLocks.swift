internal import FoundationEssentials
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// The directory `mounts/`: for each living mount a file that it holds a lock of, which ends with its process, however
/// that ends.
///
/// The directory's own lock is held by whoever opens the journal, so that one process alone migrates it, moves it aside
/// or removes the files of dead mounts.
struct MountLocks {
    static let directoryName = "mounts"

    let directory: FilePath

    /// Creates the directory when it is missing.
    init(directory: FilePath) throws(Errno) {
        self.directory = directory
        try StagingArea.prepare(directory)
    }

    /// The directory as it is; without one no mount lives.
    init(existing directory: FilePath) {
        self.directory = directory
    }

    /// Runs `body` while no other process does.
    func exclusively<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result,
        orElse unavailable: (Errno) -> Failure
    ) throws(Failure) -> Result {
        let own: CInt
        do throws(Errno) {
            own = try SystemCall.perform {
                directory.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            }
        } catch {
            throw unavailable(error)
        }
        defer { close(own) }
        // Where there are no locks (ENOLCK), SQLite would not work either, and says so.
        while flock(own, LOCK_EX) != 0, errno == EINTR {}
        return try body()
    }

    /// Makes this process known as a new mount.
    func take() throws(Errno) -> MountLock {
        let id = UUID().uuidString.lowercased()
        let file = try SystemCall.perform {
            path(of: id).withPlatformString { open($0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        }
        let lock = MountLock(id: id, path: path(of: id), file: file)
        // Who looks whether it is taken holds it for a moment.
        try SystemCall.perform { flock(file, LOCK_EX) }
        return lock
    }

    /// Whether the mount's process lives. Asked with a shared lock: two that ask do not meet.
    func isAlive(_ id: String) -> Bool {
        let file = path(of: id).withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        // Who can't look must not take over what another mount has.
        guard file >= 0 else { return errno != ENOENT }
        defer { close(file) }
        return flock(file, LOCK_SH | LOCK_NB) != 0
    }

    /// All mounts that live.
    var living: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.string)) ?? []
        return names.filter { $0.hasSuffix(Self.suffix) }.map { String($0.dropLast(Self.suffix.count)) }
            .filter(isAlive)
    }

    /// Removes what dead mounts left. Only with the directory's lock: a new mount's file is not locked at first.
    func sweep() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.string)) ?? []
        for name in names where name.hasSuffix(Self.suffix) {
            if !isAlive(String(name.dropLast(Self.suffix.count))) {
                _ = directory.appending(name).withPlatformString { unlink($0) }
            }
        }
    }

    private static let suffix = ".lock"

    private func path(of id: String) -> FilePath { directory.appending(id + Self.suffix) }
}

/// A mount's own lock.
final class MountLock: Sendable {
    /// Different for each mount there ever was.
    let id: String
    private let path: FilePath
    private let file: Mutex<CInt?>

    fileprivate init(id: String, path: FilePath, file: CInt) {
        self.id = id
        self.path = path
        self.file = Mutex(file)
    }

    deinit { release() }

    /// From now on the mount counts as dead.
    func release() {
        let held = file.withLock { $0.take() }
        guard let held else { return }
        _ = path.withPlatformString { unlink($0) }
        close(held)
    }
}
