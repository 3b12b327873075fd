/// How files are cut into parts: the same way whatever the size of the file, so that parts can be sent before it is
/// known. A part's size depends on its number alone: the first 5000 have the base size, after that it doubles every 500
/// parts, up to the largest part that an object store takes.
///
/// | Part (base size 8 MiB) | Size | Ends at |
/// |---|---|---|
/// | 1 | 8 MiB | 8 MiB |
/// | 5,000 | 8 MiB | 39 GiB |
/// | 5,001 … 5,500 | 16 MiB | 47 GiB |
/// | 7,001 … 7,500 | 256 MiB | 281 GiB |
/// | 10,000 | 5 GiB | 6.4 TiB |
struct PartLayout: Hashable, Sendable {
    /// The smallest part that the service accepts, except for the last one.
    static let minimumPartSize: Int64 = 5 << 20
    /// The largest part that S3 takes.
    static let maximumPartSize: Int64 = 5 << 30
    /// The service numbers parts from 1 to this.
    static let maximumParts = 10_000
    /// What an ordinary file needs: with parts that are all alike, a lost one costs the same everywhere in it.
    private static let partsOfBaseSize = 5000
    private static let partsPerDoubling = 500

    /// Of the first parts, in bytes; whole mebibytes, as `ChangeMap` wants them.
    let baseSize: Int64

    /// Lays out files in parts of at least `wanted` bytes, as far as the service takes them.
    init(partSize wanted: Int64) {
        let mebibyte: Int64 = 1 << 20
        let size = min(max(wanted, Self.minimumPartSize), Self.maximumPartSize)
        baseSize = (size + mebibyte - 1) / mebibyte * mebibyte
    }

    /// The largest file, in bytes.
    var capacity: Int64 { start(ofPart: Self.maximumParts + 1) }

    /// Whether a file of this size travels in one ordinary request.
    func fitsOneRequest(_ size: Int64) -> Bool { size <= baseSize }

    /// Where a part begins; numbers start at 1.
    func start(ofPart number: Int) -> Int64 {
        var before = number - 1
        var start = Int64(min(before, Self.partsOfBaseSize)) * baseSize
        before -= Self.partsOfBaseSize
        var size = baseSize
        while before > 0 {
            size = min(size * 2, Self.maximumPartSize)
            start += Int64(min(before, Self.partsPerDoubling)) * size
            before -= Self.partsPerDoubling
        }
        return start
    }

    /// The bytes of a part in a file that is long enough.
    func range(ofPart number: Int) -> Range<Int64> {
        start(ofPart: number)..<start(ofPart: number + 1)
    }

    /// The bytes of a part in a file of this size; none behind its end.
    func range(ofPart number: Int, in size: Int64) -> Range<Int64> {
        range(ofPart: number).clamped(to: 0..<size)
    }

    /// The number of parts of a file of this size, which must not exceed the capacity; 0 for an empty one.
    func count(for size: Int64) -> Int {
        precondition(size <= capacity, "\(size) bytes don't fit")
        var low = 0
        var high = Self.maximumParts
        while low < high {
            let middle = (low + high) / 2
            if start(ofPart: middle + 1) < size { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
