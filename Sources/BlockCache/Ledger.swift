internal import Glibc
internal import Synchronization
internal import SystemPackage

/// How many bytes of disk the cache's contents are charged with, in a file that all processes on the directory share.
///
/// The file's lock is *the* lock of the directory: whoever changes an allocation, initializes a content's files or
/// removes them holds it. Reads don't. It is held for a few small system calls, never during a transfer of blocks.
/// Lock order: the flock of a content's map (shared, kept while open), then the ledger; who holds the ledger only *tries*
/// to lock a map.
///
/// A charge grows before the allocation that it is for and shrinks after it, so a crash in between leaves the charge too
/// high, never too low. `Recount` sets it right.
///
///     0  "BSFSLEDG"   8  version, 1   12  0   16  bytes charged (8 bytes)   24  the boot in which it was closed, or 0
final class Ledger: Sendable {
    static let size = 32
    private static let magic: [UInt8] = Array("BSFSLEDG".utf8)
    private static let usedOffset: Int64 = 16
    private static let closedOffset: Int64 = 24

    private let file: CInt
    /// Threads of this process: they share the descriptor, which flock can't tell apart.
    private let threads = Mutex<Void>(())

    /// Takes over the descriptor of a ledger; -1 where there is none (a directory that can't be written).
    init(file: CInt) {
        self.file = file
    }

    deinit {
        close(file)
    }

    /// The charge, while the lock is held.
    struct Account: ~Copyable {
        fileprivate let file: CInt
        private(set) var used: Int64

        fileprivate init(file: CInt) {
            self.file = file
            let bytes = FileIO.bytes(of: file, count: Ledger.size, at: 0)
            used = bytes.count == Ledger.size ? max(0, bytes.littleEndian(at: Int(Ledger.usedOffset))) : 0
        }

        /// Writes the changed charge down.
        mutating func change(by bytes: Int64) -> Errno? {
            set(used + bytes)
        }

        /// Writes a charge that was counted afresh.
        mutating func set(_ bytes: Int64) -> Errno? {
            used = max(0, bytes)
            return FileIO.write(file, word: UInt64(used), at: Ledger.usedOffset)
        }
    }

    /// Runs `body` while no other thread and no other process does.
    func locked<Result, Failure: Error>(
        _ body: (inout Account) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try threads.withLock { (_: inout Void) throws(Failure) -> Result in
            // A file system without locks (ENOLCK) has one user or two that drift; checksums hold either way.
            while flock(file, LOCK_EX) != 0, errno == EINTR {}
            defer { flock(file, LOCK_UN) }
            var account = Account(file: file)
            return try body(&account)
        }
    }

    /// The bytes charged.
    var used: Int64 { locked { $0.used } }

    /// Whether the file is a ledger at all.
    var isLedger: Bool { FileIO.bytes(of: file, count: Self.size, at: 0).starts(with: Self.magic) }

    /// Whether the charge can be believed: the last user closed the ledger, in this run of the kernel.
    func wasClosed(inBoot boot: UInt64) -> Bool {
        let bytes = FileIO.bytes(of: file, count: Self.size, at: 0)
        return bytes.count == Self.size && bytes.starts(with: Self.magic) && bytes.littleEndian(at: 24) == boot
    }

    /// Writes the ledger's head and marks it as in use.
    func open() -> Errno? {
        var head = Self.magic
        head.append(littleEndian: UInt32(1))
        head.append(littleEndian: UInt32(0))
        return head.withUnsafeBytes { FileIO.write(file, $0, at: 0) }
            ?? FileIO.write(file, word: 0, at: Self.closedOffset)
    }

    /// Marks the ledger as closed.
    func close(inBoot boot: UInt64) {
        _ = FileIO.write(file, word: boot, at: Self.closedOffset)
    }

    private func close(_ file: CInt) {
        if file >= 0 {
            Glibc.close(file)
        }
    }
}
