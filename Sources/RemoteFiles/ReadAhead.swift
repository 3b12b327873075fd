/// Decides how far ahead of its readers a file is fetched.
///
/// A file is read by *streams*: runs of reads that follow each other closely. Several readers of one file, or one that
/// merges regions, are several streams, so they are told apart by position, not by handle. A read that continues no
/// stream starts a new one and fetches nothing ahead: a lone small read costs its blocks and no more. A read that
/// continues one moves it, and the window ahead of it grows with what the stream has consumed:
///
/// | consumed   | window         |
/// |------------|----------------|
/// | < 4 MiB    | 2 × consumed   |
/// | ≥ 4 MiB    | 4 × consumed   |
/// | any        | ≤ the maximum  |
///
/// so a reader that stops has wasted at most a fixed multiple of what it used, and one that goes on has the line full
/// within a handful of round trips. The window is asked for in units, in file order: small ones while the window is
/// small, at most `unit` later.
///
/// The kernel sends the pieces of its own read-ahead in parallel and out of order: a read within 1 MiB of a stream's
/// position, or anywhere in what was asked for ahead, still belongs to it.
///
/// A value without clock, lock or IO.
struct ReadAhead: Sendable {
    /// A run of reads that follow each other.
    struct Stream: Sendable, Equatable {
        /// Bytes read so far.
        var consumed: Int64
        /// The highest end of its reads.
        var position: Int64
        /// Up to where it has been asked for, ahead of `position`.
        var planned: Int64
        /// When it was last read from, in reads of this file.
        var lastUse: UInt64
    }

    /// How many streams of one file are told apart: more than the readers that htslib's or IGV's threads make.
    static let maximumStreams = 16
    /// How far from its position a read may be and still continue a stream: the kernel's largest request.
    static let tolerance: Int64 = 1 << 20
    /// From here on a stream has proven itself and the window grows faster. A region of a BAM is a few hundred KiB to a
    /// few MiB; what is fetched beyond it is waste.
    static let provenAfter: Int64 = 4 << 20
    /// GETs ahead are at most this long: 32 of them fill the line, and short ones keep all connections busy to the end.
    static let unit: Int64 = 2 << 20
    /// Ends of GETs are at bounds of blocks.
    static let block: Int64 = 128 << 10

    private(set) var streams: [Stream] = []
    private var uses: UInt64 = 0

    /// Notes a read and answers what to ask for ahead of it, in file order, as ranges of whole blocks.
    ///
    /// - Parameters:
    ///   - range: The bytes read; not empty.
    ///   - size: The size of the file.
    ///   - maximumWindow: How far ahead memory allows.
    mutating func read(_ range: Range<Int64>, size: Int64, maximumWindow: Int64) -> [Range<Int64>] {
        uses += 1
        guard let index = stream(for: range) else {
            begin(at: range, size: size)
            return []
        }
        streams[index].lastUse = uses
        streams[index].consumed += Int64(range.count)
        streams[index].position = max(streams[index].position, range.upperBound)
        return extend(&streams[index], size: size, maximumWindow: maximumWindow)
    }

    /// Whether a stream is going to want bytes of a range. One that has asked for nothing beyond the blocks of its own
    /// reads wants nothing.
    func wants(_ range: Range<Int64>) -> Bool {
        streams.contains { stream in
            stream.planned > (stream.position + Self.block - 1) / Self.block * Self.block
                && stream.position - Self.tolerance < range.upperBound && range.lowerBound < stream.planned
        }
    }

    /// Takes back what was planned in a range, because it could not be fetched.
    mutating func withdraw(_ range: Range<Int64>) {
        for index in streams.indices where streams[index].planned > range.lowerBound {
            streams[index].planned = max(streams[index].position, range.lowerBound)
        }
    }

    private func stream(for range: Range<Int64>) -> Int? {
        // A loop: every read comes here, and `filter` allocates.
        var nearest: (index: Int, distance: Int64)?
        for (index, stream) in streams.enumerated()
        where range.lowerBound >= stream.position - Self.tolerance
            && range.lowerBound <= max(stream.position + Self.tolerance, stream.planned)
        {
            let distance = abs(stream.position - range.lowerBound)
            if distance < nearest?.distance ?? .max {
                nearest = (index, distance)
            }
        }
        return nearest?.index
    }

    private mutating func begin(at range: Range<Int64>, size: Int64) {
        let end = min(size, (range.upperBound + Self.block - 1) / Self.block * Self.block)
        let stream = Stream(
            consumed: Int64(range.count),
            position: range.upperBound,
            planned: end,
            lastUse: uses
        )
        guard streams.count >= Self.maximumStreams else {
            streams.append(stream)
            return
        }
        let oldest = streams.indices.min { streams[$0].lastUse < streams[$1].lastUse }
        streams[oldest ?? 0] = stream
    }

    private func extend(_ stream: inout Stream, size: Int64, maximumWindow: Int64) -> [Range<Int64>] {
        let window = min(stream.consumed * (stream.consumed < Self.provenAfter ? 2 : 4), maximumWindow)
        let unit = min(Self.unit, max(Self.block, window / 2 / Self.block * Self.block))
        stream.planned = max(stream.planned, min(size, stream.position / Self.block * Self.block))
        var ranges: [Range<Int64>] = []
        while stream.planned < size, stream.planned + unit <= stream.position + window {
            let end = min(size, stream.planned + unit)
            ranges.append(stream.planned..<end)
            stream.planned = end
        }
        return ranges
    }
}
