/// A random sequence that its seed repeats (SplitMix64), for property tests. A failing test names the seed it ran with.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// `count` bytes of which no two stretches of 4 KiB are the same. Most of them repeat with that period: random
    /// numbers for each would take minutes without the optimizer.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        let period = 4096
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            for start in stride(from: 0, to: min(period, count), by: 8) {
                withUnsafeBytes(of: next()) { word in
                    UnsafeMutableRawBufferPointer(rebasing: bytes[start..<min(start + 8, count)]).copyBytes(
                        from: word.prefix(count - start)
                    )
                }
            }
            for start in stride(from: period, to: count, by: period) {
                let end = min(start + period, count)
                bytes[start..<end].copyBytes(from: bytes[0..<end - start])
                withUnsafeBytes(of: next()) { word in
                    bytes[start..<min(start + 8, end)].copyBytes(from: word.prefix(end - start))
                }
            }
            initialized = count
        }
    }
}
