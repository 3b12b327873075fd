internal import CXXHash

/// The first page of a map: which content it is of, and in which format. Little-endian; the records follow at 4096, and
/// before them is room for a ``ContentStamp``.
///
///     0   "BSFSMAP\0"      24  bytes of the ETag
///     8   version, 1       28  0
///     12  block size       32  size of the content (8 bytes)
///     16  blocks per chunk 40  XXH3-64 of all the rest (8 bytes)
///     20  bytes of the id  48  the file's id, the ETag (UTF-8)
///
/// Another version or geometry is another directory (`v2/`), so a header that differs is damage, not age.
struct MapHeader: Equatable, Sendable {
    static let pageSize = 4096
    static let version: UInt32 = 1

    private static let magic: [UInt8] = Array("BSFSMAP\0".utf8)
    private static let fixedSize = 48

    let key: ContentKey

    /// The header's bytes; nil if the key is too long for the page (the service's ids and ETags have tens of bytes).
    func encoded() -> [UInt8]? {
        let file = Array(key.file.utf8)
        let etag = Array(key.etag.utf8)
        guard Self.fixedSize + file.count + etag.count <= ContentStamp.offset else { return nil }
        var bytes = Self.magic
        bytes.append(littleEndian: Self.version)
        bytes.append(littleEndian: UInt32(ContentLayout.blockSize))
        bytes.append(littleEndian: UInt32(ContentLayout.blocksPerChunk))
        bytes.append(littleEndian: UInt32(file.count))
        bytes.append(littleEndian: UInt32(etag.count))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: key.size)
        let checksum = Self.checksum(fixed: bytes[...], strings: (file + etag)[...])
        bytes.append(littleEndian: checksum)
        return bytes + file + etag
    }

    init(key: ContentKey) {
        self.key = key
    }

    /// Reads a header back; nil if it is not one, or not one with its own checksum.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.fixedSize, bytes.starts(with: Self.magic) else { return nil }
        let version: UInt32 = bytes.littleEndian(at: 8)
        let blockSize: UInt32 = bytes.littleEndian(at: 12)
        let blocksPerChunk: UInt32 = bytes.littleEndian(at: 16)
        let fileCount: UInt32 = bytes.littleEndian(at: 20)
        let etagCount: UInt32 = bytes.littleEndian(at: 24)
        let size: Int64 = bytes.littleEndian(at: 32)
        let checksum: UInt64 = bytes.littleEndian(at: 40)
        guard version == Self.version, blockSize == ContentLayout.blockSize,
            blocksPerChunk == ContentLayout.blocksPerChunk, size >= 0
        else { return nil }
        let end = Self.fixedSize + Int(fileCount) + Int(etagCount)
        guard end <= min(bytes.count, Self.pageSize) else { return nil }
        let strings = bytes[Self.fixedSize..<end]
        guard Self.checksum(fixed: bytes[..<40], strings: strings) == checksum else { return nil }
        key = ContentKey(
            file: String(decoding: strings.prefix(Int(fileCount)), as: UTF8.self),
            etag: String(decoding: strings.dropFirst(Int(fileCount)), as: UTF8.self),
            size: size
        )
    }

    private static func checksum(fixed: ArraySlice<UInt8>, strings: ArraySlice<UInt8>) -> UInt64 {
        Array(fixed + strings).withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
    }
}

extension [UInt8] {
    mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    func littleEndian<Value: FixedWidthInteger>(at offset: Int) -> Value {
        withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
    }
}
