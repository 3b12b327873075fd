internal import CXXHash

/// The checksum of a block: XXH3-64, seeded with the content and the block's place in it, so that right bytes in the
/// wrong place don't pass. It guards against accidents of disk, power and software, not against an attacker: who can
/// write to the cache's directory (mode 0700) is the user.
enum BlockChecksum {
    /// Never zero, which says "not present" in a map.
    static func of(_ bytes: UnsafeRawBufferPointer, block: Int, seed: UInt64) -> UInt64 {
        let hash = XXH3_64bits_withSeed(bytes.baseAddress, bytes.count, seed &+ UInt64(block))
        return hash == 0 ? 1 : hash
    }
}
