internal import Glibc
public import Logging
public import SystemPackage
internal import Threading

/// Looking after a cache that is there, beside the mounts that use it.
extension BlockCache {
    /// Opens the cache below a directory to look after it: nothing is created, no thread is started, there is no limit,
    /// and contents drop what they are given. Nil if there is no cache.
    /// - Parameter changing: that it may be changed is needed. Otherwise a cache that can't be written is opened too.
    /// - Throws: if the cache can't be opened, or is not the user's alone.
    public convenience init?(
        existing path: FilePath,
        changing: Bool,
        logger: Logger
    ) throws(BlockCacheError) {
        guard let (storage, ledger) = try DirectoryStorage.openExisting(path, changing: changing) else { return nil }
        self.init(
            core: CacheCore(
                storage: storage,
                ledger: ledger,
                limit: CacheCore.noLimit,
                keepFree: nil,
                logger: logger,
                clock: systemClock
            )
        )
        core.writers.shutdown()
    }

    /// Whether other processes have the cache open: mounts, or others that look after it.
    public var isUsedByOthers: Bool { core.storage.isUsedByOthers }

    /// What a cache below a directory has and could have.
    public struct Space: Sendable, Equatable {
        /// Bytes that the file system can still take from this user.
        public var free: Int64
        /// Bytes of disk that the cache is charged with already.
        public var held: Int64

        /// So many bytes.
        public init(free: Int64, held: Int64) {
            self.free = free
            self.held = held
        }
    }

    /// The space of a cache below an absolute path, whether it exists yet or not: what counts is the file system of the
    /// nearest directory that does. Opens and creates nothing. Nil if the file system doesn't tell.
    public static func space(below path: FilePath) -> Space? {
        var directory = path
        var status = statvfs()
        while statvfs(directory.string, &status) != 0 {
            guard errno == ENOENT || errno == ENOTDIR, directory.removeLastComponent() else { return nil }
        }
        return Space(free: Int64(status.f_bavail) * Int64(status.f_frsize), held: DirectoryStorage.charge(below: path))
    }
}

/// Caches that are there.
extension DirectoryStorage {
    /// Opens the cache below `path`; nil, and nothing is touched, if what is there is none.
    static func openExisting(
        _ path: FilePath,
        changing: Bool
    ) throws(BlockCacheError) -> (storage: DirectoryStorage, ledger: Ledger)? {
        let version = path.appending("v1")
        let directory = Glibc.open(version.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw unusable(version, FileIO.lastError)
        }
        let (file, refusal) = openForWriting("ledger", in: directory)
        let ledger = Ledger(file: file)
        guard ledger.isLedger else {
            Glibc.close(directory)
            return nil
        }
        do throws(BlockCacheError) {
            try checkOwner(of: directory, version)
        } catch {
            Glibc.close(directory)
            throw error
        }
        let users = openForWriting("users", creating: true, in: directory)
        let error = refusal ?? users.refusal
        let storage = DirectoryStorage(directory: directory, users: users.file, isWritable: error == nil)
        if changing, let error {
            throw BlockCacheError(
                .unusableDirectory,
                "can't change the cache \(version): \(error); see to it that you may write there",
                errno: error
            )
        }
        storage.begin(ledger)
        return (storage, ledger)
    }

    /// Opens a file for reading at least, and says why not for writing.
    private static func openForWriting(
        _ name: String,
        creating: Bool = false,
        in directory: CInt
    ) -> (file: CInt, refusal: Errno?) {
        let flags = O_NOFOLLOW | O_CLOEXEC
        let file = openat(directory, name, O_RDWR | (creating ? O_CREAT : 0) | flags, 0o600)
        if file >= 0 { return (file, nil) }
        let refusal = FileIO.lastError
        return (openat(directory, name, O_RDONLY | flags), refusal)
    }

    /// What the ledger of the cache below `path` says; 0 if there is none.
    static func charge(below path: FilePath) -> Int64 {
        let file = Glibc.open(path.appending("v1/ledger").string, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        let ledger = Ledger(file: file)
        return ledger.isLedger ? ledger.used : 0
    }

    /// Whether the lock that everybody shares can't be had alone. To ask gives ours up for a moment. That does no harm:
    /// the cache was counted when it was opened, and whoever finds nobody here now need not count again.
    var isUsedByOthers: Bool {
        guard users >= 0 else { return false }
        let isAlone = flock(users, LOCK_EX | LOCK_NB) == 0
        while flock(users, LOCK_SH) != 0, errno == EINTR {}
        return !isAlone
    }
}
