internal import Glibc
internal import Synchronization
internal import SystemPackage

/// Contents in a directory of a disk, shared by any number of processes of one user:
///
///     <directory>/v1/ledger           bytes charged; its lock is the directory's
///     <directory>/v1/users            locked (shared) by every process that has the cache open
///     <directory>/v1/CACHEDIR.TAG     tells backup programs to leave it out
///     <directory>/v1/ab/cdef….data    a content's blocks, sparse
///     <directory>/v1/ab/cdef….map     which of them are present, with their checksums
///
/// A content's map is locked (shared) while the content is open; who removes files must get that lock for itself, and
/// who opened a map that was removed before it was locked sees a link count of zero and starts over. Only files with
/// these names are ever removed, and no directory is.
final class DirectoryStorage: Storage {
    private let directory: CInt
    let users: CInt
    let isWritable: Bool
    let hasFileForEachContent = true

    init(directory: CInt, users: CInt, isWritable: Bool) {
        self.directory = directory
        self.users = users
        self.isWritable = isWritable
    }

    deinit {
        Glibc.close(users)
        Glibc.close(directory)
    }

    // MARK: Opening and closing the directory

    /// Makes a directory with mode 0700, and those above it (`~/.cache` of a new user).
    private static func create(_ path: FilePath) throws(BlockCacheError) {
        if mkdir(path.string, 0o700) == 0 { return }
        var error = FileIO.lastError
        let parent = path.removingLastComponent()
        if error == .noSuchFileOrDirectory, !parent.isEmpty, parent != path {
            try create(parent)
            error = mkdir(path.string, 0o700) == 0 ? .fileExists : FileIO.lastError
        }
        // EROFS also for a directory that is there: whoever opens it will see.
        guard error == .fileExists || error == .readOnlyFileSystem else { throw unusable(path, error) }
    }

    /// Opens the cache below `path`, which is created with mode 0700. A directory on a disk that is read-only or full
    /// serves what it has.
    static func open(_ path: FilePath) throws(BlockCacheError) -> (storage: DirectoryStorage, ledger: Ledger) {
        let version = path.appending("v1")
        try create(path)
        try create(version)
        let directory = Glibc.open(version.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0 else { throw unusable(version, FileIO.lastError) }
        do throws(BlockCacheError) {
            try checkOwner(of: directory, version)
        } catch {
            Glibc.close(directory)
            throw error
        }
        let file = openat(directory, "ledger", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        let ledger = Ledger(file: file >= 0 ? file : openat(directory, "ledger", O_RDONLY | O_NOFOLLOW | O_CLOEXEC))
        let users = openat(directory, "users", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        let storage = DirectoryStorage(directory: directory, users: users, isWritable: file >= 0 && users >= 0)
        storage.begin(ledger)
        return (storage, ledger)
    }

    static func unusable(_ path: FilePath, _ error: Errno) -> BlockCacheError {
        BlockCacheError(
            .unusableDirectory,
            "can't use \(path) for the cache: \(error); name another directory",
            errno: error
        )
    }

    /// Whoever can write to the cache decides what programs read, so it must be nobody else.
    static func checkOwner(of directory: CInt, _ path: FilePath) throws(BlockCacheError) {
        var status = stat()
        guard fstat(directory, &status) == 0 else { throw unusable(path, FileIO.lastError) }
        guard status.st_uid == geteuid() else {
            throw BlockCacheError(
                .unsafeDirectory,
                "the cache \(path) belongs to user \(status.st_uid), not to you; name another directory"
            )
        }
        guard status.st_mode & 0o022 == 0 else {
            throw BlockCacheError(
                .unsafeDirectory,
                "others may write to the cache \(path); make it yours alone: chmod 700 \(path)"
            )
        }
    }

    /// Counts afresh after a crash, if no other process is here to be disturbed by it.
    func begin(_ ledger: Ledger) {
        guard isWritable else { return }
        if flock(users, LOCK_EX | LOCK_NB) == 0 {
            let wasClosed = ledger.wasClosed(inBoot: Self.boot)
            _ = ledger.open()
            if !wasClosed {
                Recount.run(self, ledger)
            }
            tag()
        }
        // Waits for a recount that somebody else is at.
        while flock(users, LOCK_SH) != 0, errno == EINTR {}
    }

    func close(_ ledger: Ledger) {
        guard isWritable, flock(users, LOCK_EX | LOCK_NB) == 0 else { return }
        ledger.close(inBoot: Self.boot)
        flock(users, LOCK_UN)
    }

    private func tag() {
        let file = openat(directory, "CACHEDIR.TAG", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        let text = "Signature: 8a477f597d28d172789f06886806bc55\n# Blocks of remote files, kept by basespacefs.\n"
        _ = Array(text.utf8).withUnsafeBytes { FileIO.write(file, $0, at: 0) }
        Glibc.close(file)
    }

    /// This run of the kernel. After a power failure what one file says of another is not to be believed.
    private static let boot: UInt64 = {
        let file = Glibc.open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return .max }
        defer { Glibc.close(file) }
        // The first 8 of its 16 bytes tell boots apart well enough: 64 random bits but for a few.
        let text = String(decoding: FileIO.bytes(of: file, count: 64, at: 0), as: UTF8.self)
        return UInt64(text.filter { $0 != "-" }.prefix(16), radix: 16) ?? .max
    }()

    // MARK: Contents

    func open(
        _ name: ContentName,
        for key: ContentKey?,
        creating: Bool,
        ledger: Ledger
    ) throws(Errno) -> ContentFiles? {
        let creating = creating && isWritable && key != nil
        // A name that is removed each time just after it was opened: three times is already a curiosity.
        for _ in 0..<8 {
            guard let map = try openFile(name.map, in: name.directory, creating: creating) else { return nil }
            var opened: ContentFiles?
            defer {
                if opened == nil {
                    Glibc.close(map.file)
                }
            }
            while flock(map.file, LOCK_SH) != 0, errno == EINTR {}
            var status = stat()
            guard fstat(map.file, &status) == 0 else { throw FileIO.lastError }
            if status.st_nlink == 0 {
                continue
            }
            var header = Self.header(of: map.file)
            let hasData = faccessat(directory, name.data, F_OK, 0) == 0
            if header == nil || !hasData {
                guard creating, let key else { return nil }
                try initialize(name, for: key, map: map.file, ledger: ledger)
                header = Self.header(of: map.file)
            }
            guard let header, key == nil || header.key == key, header.key.size > 0,
                let data = try openFile(name.data, in: name.directory, creating: false)
            else { return nil }
            let files = ContentFiles(
                name: name,
                key: header.key,
                data: data.file,
                map: map.file,
                isWritable: isWritable && map.isWritable && data.isWritable
            )
            opened = files
            return files
        }
        return nil
    }

    /// Opens a file for reading and writing, or just for reading if that is all that is allowed; nil if it isn't there.
    private func openFile(
        _ path: String,
        in subdirectory: String,
        creating: Bool
    ) throws(Errno) -> (file: CInt, isWritable: Bool)? {
        let flags = O_NOFOLLOW | O_CLOEXEC
        var file = openat(directory, path, O_RDWR | (creating ? O_CREAT : 0) | flags, 0o600)
        if file < 0, creating, errno == ENOENT, mkdirat(directory, subdirectory, 0o700) == 0 || errno == EEXIST {
            file = openat(directory, path, O_RDWR | O_CREAT | flags, 0o600)
        }
        if file >= 0 {
            return (file, true)
        }
        if errno == EROFS || errno == EACCES {
            file = openat(directory, path, O_RDONLY | flags)
        }
        guard file >= 0 else {
            if errno == ENOENT, !creating {
                return nil
            }
            throw FileIO.lastError
        }
        return (file, false)
    }

    private static func header(of map: CInt) -> MapHeader? {
        MapHeader(FileIO.bytes(of: map, count: MapHeader.pageSize, at: 0))
    }

    /// Makes a content's files empty ones of the content: new files, or damaged ones.
    private func initialize(_ name: ContentName, for key: ContentKey, map: CInt, ledger: Ledger) throws(Errno) {
        guard let header = MapHeader(key: key).encoded() else { throw .fileNameTooLong }
        try ledger.locked { (account) throws(Errno) in
            if Self.header(of: map) != nil, faccessat(directory, name.data, F_OK, 0) == 0 {
                return  // Another process was faster.
            }
            let charged = Self.charge(of: map, ContentLayout(size: key.size))
            let data = openat(directory, name.data, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard data >= 0 else { throw FileIO.lastError }
            defer { Glibc.close(data) }
            guard ContentFiles.lockUnlessPinned(data) else { throw .resourceBusy }
            guard ftruncate(map, 0) == 0, ftruncate(data, 0) == 0, ftruncate(data, Int(key.size)) == 0 else {
                throw FileIO.lastError
            }
            if charged > 0 {
                _ = account.change(by: -charged)
            }
            if let error = header.withUnsafeBytes({ FileIO.write(map, $0, at: 0) }) {
                throw error
            }
        }
    }

    /// What the records of a map are charged with.
    private static func charge(of map: CInt, _ layout: ContentLayout) -> Int64 {
        var status = stat()
        guard fstat(map, &status) == 0 else { return 0 }
        let records = (Int(status.st_size) - MapHeader.pageSize) / ChunkRecord.size
        return (0..<max(0, min(records, layout.chunkCount))).reduce(into: 0) { charge, chunk in
            let offset = Int64(MapHeader.pageSize + chunk * ChunkRecord.size)
            let bytes = FileIO.bytes(of: map, count: 8, at: offset)
            guard bytes.count == 8 else { return }
            charge += layout.charge(
                for: UInt32(truncatingIfNeeded: bytes.littleEndian(at: 0) as UInt64),
                inChunk: chunk
            )
        }
    }

    func names() -> [ContentName] {
        var names: Set<ContentName> = []
        for subdirectory in entries(of: ".") where subdirectory.count == 2 {
            for entry in entries(of: subdirectory) {
                if let name = ContentName(directory: subdirectory, entry: entry) {
                    names.insert(name)
                }
            }
        }
        return Array(names)
    }

    private func entries(of path: String) -> [String] {
        let file = openat(directory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { return [] }
        guard let stream = fdopendir(file) else {
            Glibc.close(file)
            return []
        }
        defer { closedir(stream) }
        var entries: [String] = []
        while let entry = readdir(stream) {
            entries.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return entries
    }

    func removeUnused(_ name: ContentName, ledger: Ledger) {
        guard isWritable else { return }
        ledger.locked { account in
            let map = openat(directory, name.map, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
            if map < 0 {
                if errno == ENOENT {
                    unlinkat(directory, name.data, 0)
                }
                return
            }
            defer { Glibc.close(map) }
            guard flock(map, LOCK_EX | LOCK_NB) == 0 else { return }
            var charged: Int64 = 0
            if let header = Self.header(of: map) {
                charged = Self.charge(of: map, ContentLayout(size: header.key.size))
                let hasData = faccessat(directory, name.data, F_OK, 0) == 0
                guard charged == 0 || !hasData else { return }
            } else {
                // How long the tail was is not known any more: charged as a whole block, and so a little too much is
                // taken off, at most once per damaged file.
                charged = Self.charge(of: map, ContentLayout(size: .max >> 1))
            }
            let data = openat(directory, name.data, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            defer { Glibc.close(data) }
            guard data < 0 || ContentFiles.lockUnlessPinned(data) else { return }
            unlinkat(directory, name.data, 0)
            unlinkat(directory, name.map, 0)
            _ = account.change(by: -charged)
        }
    }

    func freeSpace() -> (available: Int64, total: Int64)? {
        var status = statvfs()
        guard fstatvfs(directory, &status) == 0 else { return nil }
        return (Int64(status.f_bavail) * Int64(status.f_frsize), Int64(status.f_blocks) * Int64(status.f_frsize))
    }
}
