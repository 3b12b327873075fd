internal import CXXHash

/// Vouches for a content's data file: every block was found right, and nothing had changed the file since the moment that
/// is written here. It is the last 24 bytes of the map's first page, little-endian, all zero where there is none:
///
///     4072  the data file's change time (ctime), nanoseconds since 1970
///     4080  its size
///     4088  XXH3-64 of the two, seeded with the content's seed
///
/// Whatever is done to the data file (a block stored, a hole punched, a bit flipped by an editor, the file restored from a
/// backup) moves its ctime, which no program can set. So a stamp needs no lock and nobody takes it back: it holds while it
/// agrees with the file, and a stamp that has been overtaken says nothing.
struct ContentStamp: Equatable, Sendable {
    static let size = 24
    static let offset = MapHeader.pageSize - size

    /// The data file's change time, in nanoseconds since 1970.
    let changed: Int64
    /// The data file's size.
    let fileSize: Int64

    init(changed: Int64, fileSize: Int64) {
        self.changed = changed
        self.fileSize = fileSize
    }

    func encoded(seed: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: changed)
        bytes.append(littleEndian: fileSize)
        bytes.append(littleEndian: Self.checksum(bytes[...], seed))
        return bytes
    }

    /// Reads a stamp back; nil if there is none, or only half of one.
    init?(_ bytes: [UInt8], seed: UInt64) {
        guard bytes.count == Self.size, bytes.littleEndian(at: 16) == Self.checksum(bytes[..<16], seed) else {
            return nil
        }
        changed = bytes.littleEndian(at: 0)
        fileSize = bytes.littleEndian(at: 8)
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>, _ seed: UInt64) -> UInt64 {
        bytes.withUnsafeBytes { XXH3_64bits_withSeed($0.baseAddress, $0.count, seed) }
    }

    /// Whether a change of the file from now on would show in its change time: file systems take the time from a clock that
    /// ticks, and one that keeps whole seconds shows nothing else. (The same care as with git's racy index.)
    func isSettled(at now: Int64) -> Bool {
        let age = now - changed
        return age >= (changed % 1_000_000_000 == 0 ? Self.wholeSeconds : Self.tick)
    }

    /// Two of the kernel's slowest ticks (HZ=100).
    private static let tick: Int64 = 20_000_000
    /// More than the coarsest file system's step, FAT's two seconds.
    private static let wholeSeconds: Int64 = 2_100_000_000
}
