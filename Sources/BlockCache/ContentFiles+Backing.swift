internal import CLinux
internal import Glibc
internal import SystemPackage

/// What lets others read a content's data file directly: stamps, which say that its bytes are right, and pins, which keep
/// them.
///
/// A pin is a shared flock on an open file description of its own, so the kernel knows of it even when the process that
/// took it has been killed, and forgets it with the last reference. Whoever frees blocks or removes files takes the
/// exclusive lock, without waiting, and leaves alone what is pinned. Who pins looks again at the stamp and the map once the
/// lock is held: from then on nothing goes.
extension ContentFiles {
    // MARK: Stamps

    /// What a stamp of this moment would say of the data file; nil where it can't be told apart from other contents'.
    var currentStamp: ContentStamp? {
        var status = stat()
        guard ownsDescriptors, fstat(data, &status) == 0 else { return nil }
        let changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
        return ContentStamp(changed: changed, fileSize: Int64(status.st_size))
    }

    /// The stamp, true or overtaken.
    var stamp: ContentStamp? {
        let offset = mapStart + Int64(ContentStamp.offset)
        return ContentStamp(FileIO.bytes(of: map, count: ContentStamp.size, at: offset), seed: name.seed)
    }

    func save(_ stamp: ContentStamp) -> Errno? {
        stamp.encoded(seed: name.seed).withUnsafeBytes {
            FileIO.write(map, $0, at: mapStart + Int64(ContentStamp.offset))
        }
    }

    /// Takes the stamp back: a block is wrong although nothing has touched the data file.
    func eraseStamp() {
        _ = [UInt8](repeating: 0, count: ContentStamp.size).withUnsafeBytes {
            FileIO.write(map, $0, at: mapStart + Int64(ContentStamp.offset))
        }
    }

    /// Brings the blocks to the disk, so that a stamp that is there after a power failure doesn't vouch for bytes that are
    /// not. In pieces, since what went through the page cache may be gigabytes; stops when `goesOn` says no.
    func synchronize(while goesOn: () -> Bool) -> Bool {
        for start in stride(from: 0, to: Int(layout.size), by: Self.synchronizedPiece) {
            guard goesOn() else { return false }
            // Only a head start: fdatasync has the last word, also about errors.
            _ = CLinux_writeBack(data, Int64(start), Int64(Self.synchronizedPiece))
        }
        return goesOn() && fdatasync(data) == 0
    }

    /// A fraction of a second for any disk.
    private static let synchronizedPiece = 64 << 20

    /// Brings the blocks into the page cache; stops when `goesOn` says no. They are read, though into nothing: what the
    /// kernel is only advised to bring in comes in pages of 4 KiB, from which it reads half as fast as from the large ones
    /// that it makes for a reader.
    func bringIn(while goesOn: () -> Bool) {
        for start in stride(from: 0, to: layout.size, by: Self.synchronizedPiece) where goesOn() {
            let length = min(Int64(Self.synchronizedPiece), layout.size - start)
            guard CLinux_readIntoPageCache(data, start, length) == 0 else { return }
        }
    }

    // MARK: Pins

    /// The data file for somebody who reads it directly; nil if a block of it is being freed right now.
    func pin() -> BackingFile? {
        guard ownsDescriptors else { return nil }
        let descriptor = FileIO.reopen(data, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        let file = BackingFile(descriptor: descriptor, size: layout.size)
        return flock(descriptor, LOCK_SH | LOCK_NB) == 0 ? file : nil
    }

    /// Runs `body` while nobody can pin the blocks; nil if somebody has.
    ///
    /// Threads share the descriptor, which flock can't tell apart: the caller holds the ledger's lock, or opened these files
    /// for itself alone.
    func unlessPinned<Result>(_ body: () -> Result) -> Result? {
        guard ownsDescriptors else { return body() }
        guard Self.lockUnlessPinned(data) else { return nil }
        defer { flock(data, LOCK_UN) }
        return body()
    }

    /// Whether somebody reads the data file directly. The caller opened these files for itself alone.
    var isPinned: Bool { unlessPinned {} == nil }

    /// Takes the exclusive lock of a data file; false if it is pinned.
    static func lockUnlessPinned(_ data: CInt) -> Bool {
        while flock(data, LOCK_EX | LOCK_NB) != 0 {
            // Where there are no locks (ENOLCK) there are no pins either.
            guard errno == EINTR else { return errno != EWOULDBLOCK }
        }
        return true
    }
}
