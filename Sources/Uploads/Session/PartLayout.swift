/// How a file is cut into parts.
///
/// | Size of the file | Part size (8 MiB wanted) | Parts |
/// |---|---|---|
/// | 8 MiB | – (one request) | 1 |
/// | 20 MiB | 8 MiB | 3 |
/// | 78.125 GiB (10,000 × 8 MiB) | 8 MiB | 10,000 |
/// | one byte more | 9 MiB | 8,889 |
/// | 1 TiB | 105 MiB | 9,987 |
struct PartLayout: Hashable, Sendable {
    /// The smallest part that the service accepts, except for the last one.
    static let minimumPartSize: Int64 = 5 << 20
    /// The service numbers parts from 1 to this.
    static let maximumParts: Int64 = 10_000

    /// Of the whole file, in bytes.
    let size: Int64
    /// Of each part but the last; whole mebibytes, as `ChangeMap` wants them.
    let partSize: Int64

    /// Lays out `size` bytes.
    ///
    /// - Parameters:
    ///   - wanted: The part size to use where the limits allow it, in bytes.
    ///   - maximumParts: Above this many, parts grow.
    init(size: Int64, partSize wanted: Int64, maximumParts: Int64 = Self.maximumParts) {
        let needed = size / maximumParts + (size % maximumParts == 0 ? 0 : 1)
        self.size = size
        partSize = Self.wholeMebibytes(max(wanted, needed, Self.minimumPartSize))
    }

    /// Whether the file travels in one ordinary request.
    var isSingleRequest: Bool { size <= partSize }

    /// The number of parts; 0 for an empty file.
    var count: Int { Int(size / partSize) + (size % partSize == 0 ? 0 : 1) }

    /// The bytes of a part; numbers start at 1.
    func range(ofPart number: Int) -> Range<Int64> {
        let start = Int64(number - 1) * partSize
        return start..<min(start + partSize, size)
    }

    private static func wholeMebibytes(_ size: Int64) -> Int64 {
        let mebibyte: Int64 = 1 << 20
        return size / mebibyte * mebibyte + (size % mebibyte == 0 ? 0 : mebibyte)
    }
}
