extension InodeNumber {
    /// The number of what `key` names, the same in every mount: FNV-1a, 64 bits, of the key's UTF-8.
    ///
    /// With a million files in view, the chance that any two share a number is 1 in 37 million.
    ///
    /// - Parameters:
    ///   - rest: The end of the key, where putting the two together first would cost: a directory of files is numbered each
    ///     time it is listed.
    ///   - version: What tells contents of one thing apart; 0 for what has one.
    init(key: String, _ rest: String = "", version: UInt64 = 0) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        for byte in rest.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        hash ^= version
        // FNV's low bits of short keys are regular; a final mix (MurmurHash3's) spreads them over the hash tables above.
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        hash ^= hash >> 33
        // 0 means "no inode" to the kernel and 1 is the root.
        self.init(rawValue: hash > 1 ? hash : hash + 2)
    }
}
