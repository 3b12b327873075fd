/// What a segment is called: its number tells it from an earlier one of the same place, its start finds it.
struct SegmentKey: Hashable, Sendable {
    var number: UInt64
    var start: Int64
}

/// A range of a file that is in memory or on its way there.
struct Segment: Sendable {
    /// How far it is.
    enum Phase: Sendable, Equatable {
        /// Waits for memory and a connection.
        case queued
        /// Its GET is under way.
        case active
        /// All bytes are in the buffer and on their way to the disk cache.
        case landed
        /// The disk cache has had it; the buffer may go.
        case settled
    }

    let key: SegmentKey
    /// The bytes of the file: whole blocks, or up to the end of the file.
    let range: Range<Int64>
    var phase = Phase.queued
    /// The end of the bytes that have landed.
    var landed: Int64
    /// Up to where reads have asked for its bytes, in whole blocks.
    var needed: Int64
    /// Up to where bytes of it were read, or asked for by a read that waits.
    var read: Int64
    /// Where they land, from the moment on that the segment is active.
    var buffer: Buffer?
    var fetch: Fetch?
    /// When it was last asked for or read, in the reader's ticks.
    var lastUse: UInt64

    init(number: UInt64, range: Range<Int64>, lastUse: UInt64) {
        self.key = SegmentKey(number: number, start: range.lowerBound)
        self.range = range
        self.landed = range.lowerBound
        self.needed = range.lowerBound
        self.read = range.lowerBound
        self.lastUse = lastUse
    }

    /// Bytes that are there and were not read, taken for granted that what is before a read byte was read too.
    var unread: Int64 {
        phase == .landed || phase == .settled ? max(0, landed - read) : 0
    }

    /// The part of the buffer that holds these bytes of the file.
    func indices(of bytes: Range<Int64>) -> Range<Int> {
        Int(bytes.lowerBound - range.lowerBound)..<Int(bytes.upperBound - range.lowerBound)
    }
}

/// Where the bytes of a read are.
enum Coverage: Sendable {
    /// Wholly in one buffer, at these indices.
    case memory(Buffer, Range<Int>)
    /// In no buffer: on disk, or nowhere.
    case disk
    /// In several places; what no buffer has is on disk, or nowhere.
    case pieces([Piece])
    /// Some have not landed.
    case waiting

    /// A run of bytes from one place.
    enum Piece: Sendable {
        case memory(Buffer, Range<Int>)
        case disk(Range<Int64>)
    }
}

/// A read that waits for its bytes.
struct Waiter: Sendable {
    let id: UInt64
    let range: Range<Int64>
    let reply: any ContentReadReply
    /// When it fails with `timedOut`.
    let deadline: ContinuousClock.Instant
    /// How often its bytes turned out to be gone from the disk cache between two looks.
    var disappointments = 0
}
