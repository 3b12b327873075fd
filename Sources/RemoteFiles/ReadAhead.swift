/// Decides which GETs a file's reads lead to: how much with a read, and how far ahead of its readers.
///
/// A file is read by *streams*: runs of reads that follow each other closely. Several readers of one file, or one that
/// merges regions, are several streams, so they are told apart by position, not by handle. A read that continues no
/// stream begins one, and fetches its own blocks and at most one more: reads here and there cost little more than their
/// bytes, whatever their size. What follows depends on how the stream began:
///
/// | stream                                  | what is fetched ahead of it                                           |
/// |-----------------------------------------|-----------------------------------------------------------------------|
/// | one read, but a large one at the start  | nothing                                                               |
/// | from the file's start, or by large reads| a *window* of 8 × what was consumed, in parallel GETs                 |
/// | from elsewhere, by small reads          | a *run*: one GET, in the length of earlier runs, at first of 8 MiB    |
/// | such a one that has consumed its run    | a window of 2 × what was consumed: many regions are a little longer   |
///
/// The first kind are programs that read a file through; their line is full within three or four round trips. The second
/// kind are regions that an index pointed at: one GET brings a few MiB in one round trip, and is broken off when the
/// program closes the file. Several short ones would cost as many round trips, several parallel ones more bytes. A
/// window has its share of the memory as its limit, and is asked for in file order.
///
/// The kernel sends the pieces of its own read-ahead in parallel and out of order: a read within 1 MiB of a stream's
/// position, or anywhere in what was asked for ahead, still belongs to it. A run begins where the stream's own blocks end,
/// also if the first read beyond them is a later one.
///
/// A value without clock, lock or IO.
struct ReadAhead: Sendable {
    /// What a read leads to.
    struct Plan: Sendable, Equatable {
        /// One GET for the read itself, if it begins a stream and its bytes are not here.
        var own: Range<Int64>?
        /// GETs for what follows, in file order. The first may begin in the read's own bytes.
        var ahead: [Range<Int64>] = []
        /// Whether `ahead` is a run, which is worth something only if the read itself has to wait.
        var isRun = false
        /// GETs that other reads have led to and not made yet, and that bring bytes of this one. Who waits first makes them.
        var joined: [Range<Int64>] = []

        /// All GETs, for a read that has to wait.
        var gets: [Range<Int64>] { (own.map { [$0] } ?? []) + joined + ahead }
    }

    /// A run of reads that follow each other.
    struct Stream: Sendable, Equatable {
        /// Where it began.
        let start: Int64
        /// Whether it is read through: from the file's start, or in large pieces.
        var isReadThrough: Bool
        /// Bytes read so far.
        var consumed: Int64
        /// The highest end of its reads.
        var position: Int64
        /// Up to where it has been asked for, ahead of `position`.
        var planned: Int64
        /// Whether anything was fetched ahead of it.
        var isAhead = false
        /// Whether that began with a run.
        var hasRun = false
        /// Whether its bytes were here so far, although nothing was fetched ahead of it: a region that was read before.
        var isServed = false
        /// When it was last read from, in reads of this file.
        var lastUse: UInt64
    }

    /// How many streams of one file are told apart: more than the readers that htslib's or IGV's threads make.
    static let maximumStreams = 16
    /// How far from its position a read may be and still continue a stream: the kernel's largest request.
    static let tolerance: Int64 = 1 << 20
    /// Ends of GETs are at bounds of blocks.
    static let block: Int64 = 128 << 10
    /// A read that begins a stream brings this much more, up to the end of a block: the tools of the field read 64 KiB at
    /// a time, and a small region is two or three of these. Two blocks at most for a read of up to 64 KiB.
    static let slack: Int64 = 64 << 10
    /// A program that asks for so much at once reads through; htslib's largest read is 128 KiB.
    static let largeRead: Int64 = 512 << 10
    /// The first run of a file. 100 kb of a genome at usual depth are 2 to 5 MB of BAM, and with root's read-ahead the
    /// kernel asks for 1 MiB more.
    static let firstRun: Int64 = 8 << 20
    /// Runs are at least this long: shorter ones cost a round trip and save what a line carries during a tenth of one.
    static let shortestRun: Int64 = 512 << 10
    /// A run is followed when no more than this is left of it: what a connection of 60 MB/s carries in 30 ms.
    static let runsOut: Int64 = 2 << 20
    /// GETs of a window are at most this long, or half of it where memory does not allow that many: 32 of them in
    /// flight fill a line of 60 MB/s per connection and 20 ms to the first byte at 1.5 GB/s, 2 MiB at 1.2 GB/s.
    static let longestUnit: Int64 = 4 << 20
    /// The shortest GET of a window; several of them share the work of the first steps.
    static let shortestUnit: Int64 = 256 << 10

    /// Indexes of whole genomes have up to some 10 MB; what is called one and is longer is read like any other file.
    static let longestWhole: Int64 = 64 << 20

    /// Whether the file is one that is read whole, whatever its first read is.
    private let readsWhole: Bool
    private(set) var streams: [Stream] = []
    private var uses: UInt64 = 0
    /// The length of the last run that ended, and of the longest of those before, forgotten by half each time.
    private var usualRun: Int64?

    init(readsWhole: Bool = false) {
        self.readsWhole = readsWhole
    }

    /// Streams that are fetched ahead of, and were read from lately: they share the memory.
    var runners: Int {
        streams.count { $0.isAhead && uses - $0.lastUse < Self.lately }
    }

    /// A stream that was not read from during so many reads of its file has ended, or pauses.
    private static let lately: UInt64 = 256

    /// Notes a read and answers what it leads to, as ranges of whole blocks.
    ///
    /// - Parameters:
    ///   - range: The bytes read; not empty.
    ///   - size: The size of the file.
    ///   - share: How far ahead memory allows, in bytes.
    ///   - connections: GETs at the same time.
    mutating func read(_ range: Range<Int64>, size: Int64, share: Int64, connections: Int) -> Plan {
        uses += 1
        guard let index = stream(for: range) else {
            return begin(at: range, size: size, share: share, connections: connections)
        }
        streams[index].lastUse = uses
        streams[index].consumed += Int64(range.count)
        streams[index].position = max(streams[index].position, range.upperBound)
        let fetched = streams[index].planned
        // What is skipped is not fetched.
        streams[index].planned = max(streams[index].planned, min(size, Self.floor(range.lowerBound)))
        let hadRun = streams[index].hasRun
        let ahead = extend(index, runFrom: fetched, size: size, share: share, connections: connections)
        return Plan(ahead: ahead, isRun: streams[index].hasRun && !hadRun)
    }

    /// Whether a stream is going to want bytes of a range. One that has asked for nothing beyond the blocks of its own
    /// reads wants nothing.
    func wants(_ range: Range<Int64>) -> Bool {
        streams.contains { stream in
            stream.isAhead && stream.planned > Self.ceiling(stream.position)
                && stream.position - Self.tolerance < range.upperBound && range.lowerBound < stream.planned
        }
    }

    /// Takes back a run: the read that led to it was answered without a fetch. Who reads a region again gets what is here,
    /// and nothing beyond it until something is missing.
    mutating func forgoRun(_ run: Range<Int64>) {
        for index in streams.indices
        where streams[index].hasRun && !streams[index].isReadThrough && streams[index].planned == run.upperBound {
            streams[index].planned = max(run.lowerBound, Self.ceiling(streams[index].position))
            streams[index].isAhead = false
            streams[index].hasRun = false
            streams[index].isServed = true
        }
    }

    /// A read's bytes were not here.
    mutating func missed(_ range: Range<Int64>) {
        if let index = stream(for: range) {
            streams[index].isServed = false
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

    private mutating func begin(at range: Range<Int64>, size: Int64, share: Int64, connections: Int) -> Plan {
        noteRun()
        let isLarge = range.count >= Self.largeRead
        if readsWhole, range.lowerBound == 0, size <= min(Self.longestWhole, share) {
            return beginWhole(at: range, size: size)
        }
        let end = min(size, Self.ceiling(range.upperBound + (isLarge ? 0 : Self.slack)))
        let stream = Stream(
            start: range.lowerBound,
            isReadThrough: isLarge || range.lowerBound == 0,
            consumed: Int64(range.count),
            position: range.upperBound,
            planned: end,
            // The one case in which a single read says enough.
            isAhead: isLarge && range.lowerBound == 0,
            lastUse: uses
        )
        let index = place(for: stream)
        let ahead =
            stream.isAhead ? extend(index, runFrom: end, size: size, share: share, connections: connections) : []
        return Plan(own: Self.floor(range.lowerBound)..<end, ahead: ahead)
    }

    /// Keeps a new stream, in the place of the one that was not used for the longest time if there are many.
    private mutating func place(for stream: Stream) -> Int {
        guard streams.count >= Self.maximumStreams else {
            streams.append(stream)
            return streams.count - 1
        }
        let oldest = streams.indices.min { streams[$0].lastUse < streams[$1].lastUse } ?? 0
        streams[oldest] = stream
        return oldest
    }

    /// Plans a whole file, in GETs that are as long as a window's.
    private mutating func beginWhole(at range: Range<Int64>, size: Int64) -> Plan {
        let gets = stride(from: 0, to: size, by: Int(Self.longestUnit)).map { $0..<min(size, $0 + Self.longestUnit) }
        streams = [
            Stream(
                start: 0,
                isReadThrough: true,
                consumed: Int64(range.count),
                position: range.upperBound,
                planned: size,
                isAhead: true,
                lastUse: uses
            )
        ]
        return Plan(own: gets.first, ahead: Array(gets.dropFirst()))
    }

    /// A new stream begins where another one probably ended: how long that one was says how long this one may become.
    private mutating func noteRun() {
        guard let last = streams.max(by: { $0.lastUse < $1.lastUse }), last.hasRun else { return }
        usualRun = max(last.position - last.start, (usualRun ?? 0) / 2)
    }

    private mutating func extend(
        _ index: Int,
        runFrom start: Int64,
        size: Int64,
        share: Int64,
        connections: Int
    ) -> [Range<Int64>] {
        let left = streams[index].planned - streams[index].position
        // Small regions, and looks into a file's head, end in the blocks of their first reads.
        guard streams[index].planned < size, streams[index].isAhead || left < 0 else { return [] }
        if !streams[index].isReadThrough {
            let run = min(usualRun.map(Self.run(after:)) ?? Self.firstRun, max(share, Self.shortestRun))
            guard !streams[index].isServed else { return [] }
            guard streams[index].isAhead else {
                // What is skipped by the first read beyond its blocks is fetched with the run, and makes it no shorter.
                streams[index].planned = min(size, streams[index].planned + run)
                streams[index].isAhead = true
                streams[index].hasRun = true
                return [start..<streams[index].planned]
            }
            guard left < min(Self.runsOut, run / 4) else { return [] }
            // It has consumed its run, and is of those that read on and on.
            streams[index].isReadThrough = true
        }
        return streams[index].window(size: size, share: share, connections: connections)
    }

    /// The length of the next run after one of this length: half as much again, rounded up to a power of two.
    private static func run(after length: Int64) -> Int64 {
        var run = shortestRun
        while run < length + length / 2, run < firstRun {
            run *= 2
        }
        return run
    }

    /// How long the GETs of a window are: a quarter of it, a power of two, and no longer than lets all connections have
    /// one within the share.
    static func unit(of window: Int64, share: Int64, connections: Int) -> Int64 {
        var unit = shortestUnit
        while unit * 2 <= window / 4, unit < longestUnit, unit * 2 * Int64(connections) <= max(share, 64 << 20) {
            unit *= 2
        }
        return unit
    }

    private static func floor(_ position: Int64) -> Int64 { position / block * block }
    private static func ceiling(_ position: Int64) -> Int64 { (position + block - 1) / block * block }
}

extension ReadAhead.Stream {
    /// What of its window has not been asked for.
    fileprivate mutating func window(size: Int64, share: Int64, connections: Int) -> [Range<Int64>] {
        let window = min(consumed * (hasRun ? 2 : 8), share, Int64(connections) * ReadAhead.longestUnit)
        let unit = ReadAhead.unit(of: window, share: share, connections: connections)
        var ranges: [Range<Int64>] = []
        while planned < size, planned + unit <= position + window {
            let end = min(size, planned + unit)
            ranges.append(planned..<end)
            planned = end
            isAhead = true
        }
        return ranges
    }
}
