/// What the map says about one chunk, as it stands on disk (272 bytes, little-endian), and the states of its blocks:
///
///     absent ──reserve──▶ reserved ──commit──▶ present
///        ▲                   │ ▲                  │
///        └──release / evict──┘ └───── doubt ──────┘      (release and evict also lead from present to absent)
///
/// *Reserved*: the block's bytes on disk are accounted for, what they are is not known. *Present*: they are the ones
/// with this checksum. A reader sees only the checksum, where zero is "not present": one aligned 8-byte word says both,
/// so a reader without a lock sees a block as it was before or after a change and never half of one.
struct ChunkRecord: Equatable, Sendable, BitwiseCopyable {
    static let size = 16 + 8 * ContentLayout.blocksPerChunk
    static let recencyOffset = 8
    static let checksumsOffset = 16

    /// Bit n: slot n has bytes on disk, or is about to. The upper half is zero.
    private(set) var allocation: UInt64 = 0
    /// When the chunk was used.
    var recency = Recency.never
    private var checksums = InlineArray<32, UInt64>(repeating: 0)

    /// The slots that are reserved or present, as bits.
    var allocated: UInt32 { UInt32(truncatingIfNeeded: allocation) }

    /// A slot's checksum; zero if it is not present.
    func checksum(_ slot: Int) -> UInt64 { checksums[slot] }

    /// Reserves slots; returns those that had no bytes on disk before.
    mutating func reserve(_ slots: Range<Int>, at now: UInt64) -> UInt32 {
        recency = allocated == 0 ? Recency(storedAt: now) : recency.touched(at: now)
        let added = Self.bits(slots) & ~allocated
        allocation |= UInt64(added)
        return added
    }

    /// Makes a reserved slot present. False if the reservation is gone (the chunk was evicted meanwhile): the bytes that
    /// were written must be freed again.
    mutating func commit(_ slot: Int, checksum: UInt64) -> Bool {
        guard allocation & (1 << UInt64(slot)) != 0 else { return false }
        checksums[slot] = checksum
        return true
    }

    /// Makes a present slot reserved: its bytes turned out not to be the ones.
    mutating func doubt(_ slot: Int) {
        checksums[slot] = 0
    }

    /// Makes slots not present; they stay allocated until `free`. The two steps of an eviction are apart, so that a
    /// crash between them leaves bytes on disk accounted for.
    mutating func doubt(_ slots: UInt32) {
        for slot in 0..<ContentLayout.blocksPerChunk where slots & (1 << UInt32(slot)) != 0 {
            checksums[slot] = 0
        }
    }

    /// Makes slots absent, after their bytes on disk were freed.
    mutating func free(_ slots: UInt32) {
        doubt(slots)
        allocation &= ~UInt64(slots)
        if allocation == 0 {
            recency = .never
        }
    }

    /// The bits of a range of slots.
    static func bits(_ slots: Range<Int>) -> UInt32 {
        guard !slots.isEmpty else { return 0 }
        return (UInt32.max >> UInt32(32 - slots.count)) << UInt32(slots.lowerBound)
    }

    static func == (left: ChunkRecord, right: ChunkRecord) -> Bool {
        left.allocation == right.allocation && left.recency == right.recency
            && (0..<ContentLayout.blocksPerChunk).allSatisfy { left.checksums[$0] == right.checksums[$0] }
    }
}

/// When a chunk was used, and the segment of the eviction order that it is in, in 64 bits.
///
/// A chunk starts on *probation*, stamped with the time it was stored. A use that comes at least `correlation` later
/// *protects* it. Uses right after the store say nothing: they are the same pass over the file that brought the bytes, a
/// reader that lags behind its own read-ahead. So one pass over a file of any size protects nothing.
struct Recency: RawRepresentable, Equatable, Sendable, BitwiseCopyable {
    /// Bit 63: protected. Below: milliseconds since 1970 (comparable between processes and over restarts).
    let rawValue: UInt64

    /// A minute. Read-ahead is at most some 100 MiB, so a reader at 2 MB/s or more is over it within the minute; a second
    /// run of a tool within the minute finds its bytes in the kernel's cache and asks us nothing. Not measured.
    static let correlation: UInt64 = 60_000
    /// How old a protected chunk's stamp may become before a use renews it: an order finer than a minute is worth
    /// nothing to a cache that lives for weeks, and each renewal is a write.
    static let renewal: UInt64 = 60_000

    static let never = Recency(rawValue: 0)

    private static let protectedBit: UInt64 = 1 << 63

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(storedAt now: UInt64) {
        rawValue = now & ~Self.protectedBit
    }

    var isProtected: Bool { rawValue & Self.protectedBit != 0 }
    var stamp: UInt64 { rawValue & ~Self.protectedBit }

    /// The recency after a use; equal to `self` when nothing is worth writing down.
    func touched(at now: UInt64) -> Recency {
        guard now >= stamp else {
            // The clock was set back: from now on it counts from here.
            return Recency(rawValue: now | (rawValue & Self.protectedBit))
        }
        let age = now - stamp
        return age < (isProtected ? Self.renewal : Self.correlation) ? self : Recency(rawValue: now | Self.protectedBit)
    }
}
