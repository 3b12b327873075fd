internal import CXXHash

/// What a content is: one version of one file. The bytes behind a key never change.
public struct ContentKey: Hashable, Sendable {
    /// The file's id at the service.
    public var file: String
    /// The version's ETag, without quotes.
    public var etag: String
    /// Bytes of the content.
    public var size: Int64

    /// A version of a file.
    public init(file: String, etag: String, size: Int64) {
        self.file = file
        self.etag = etag
        self.size = size
    }
}

/// The name of a content's files, `ab/cdef…`: 128 bits of XXH3 over its key.
///
/// Equal names of different keys are unlikely, not impossible; the key stands in the map's header and is compared.
struct ContentName: Hashable, Sendable {
    /// Two hexadecimal digits.
    let directory: String
    /// Thirty hexadecimal digits.
    let file: String
    /// Half of the hash, mixed into every block's checksum: a block of another content never passes for one of this.
    let seed: UInt64

    init(_ key: ContentKey) {
        var text = Array(key.file.utf8)
        text.append(0)
        text.append(contentsOf: key.etag.utf8)
        text.append(0)
        text.append(contentsOf: String(key.size).utf8)
        let hash = text.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
        let digits = Self.hexadecimal(hash.high64) + Self.hexadecimal(hash.low64)
        directory = String(digits.prefix(2))
        file = String(digits.dropFirst(2))
        seed = hash.low64
    }

    /// The name that a directory entry belongs to; nil if it is not one of ours.
    init?(directory: String, entry: String) {
        let parts = entry.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "data" || parts[1] == "map", directory.utf8.count == 2,
            parts[0].utf8.count == 30, Self.isHexadecimal(directory), Self.isHexadecimal(parts[0]),
            let seed = UInt64(parts[0].suffix(16), radix: 16)
        else { return nil }
        self.directory = directory
        file = String(parts[0])
        self.seed = seed
    }

    /// The file that holds the blocks, below the cache's directory.
    var data: String { "\(directory)/\(file).data" }
    /// The file that holds the map, below the cache's directory.
    var map: String { "\(directory)/\(file).map" }

    private static func isHexadecimal(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
