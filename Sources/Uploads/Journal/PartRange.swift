/// Where a part of a multipart upload lies in its file. It follows from its number, so that it is known before the size
/// of the file is.
///
/// | Parts | Size, base 8 MiB | End of the last |
/// |---|---|---|
/// | 1 … 5,000 | 8 MiB | 39 GiB |
/// | 5,001 … 5,500 | 16 MiB | 47 GiB |
/// | … | doubles every 500 | |
/// | 9,501 … 10,000 | 8 GiB | 7.8 TiB |
enum PartRange {
    /// So many parts have the base size.
    private static let even = 5_000
    /// So many parts share each of the larger sizes.
    private static let step = 500

    /// The bytes that a part of a file without an end has; numbers start at 1.
    static func ofPart(_ number: Int, base: Int64) -> Range<Int64> {
        let start = start(ofPart: number, base: base)
        return start..<self.start(ofPart: number + 1, base: base)
    }

    private static func start(ofPart number: Int, base: Int64) -> Int64 {
        let before = number - 1
        guard before > even else { return Int64(before) * base }
        let (doublings, rest) = (before - even).quotientAndRemainder(dividingBy: step)
        // 500 × 2, 500 × 4, …: all full steps together are 500 × (2^(n+1) − 2).
        let full = Int64(step) * ((Int64(2) << doublings) - 2)
        return (Int64(even) + full + Int64(rest) * (Int64(2) << doublings)) * base
    }
}
