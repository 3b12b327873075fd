internal import Digests
internal import SystemPackage

extension StagedFile {
    /// Read at a time by a digest: large enough that the calls cost nothing beside the MD5 (600 MB/s), small enough
    /// that a part of any size needs the same memory.
    private static let pieceSize = 1 << 20

    /// The MD5 of a range of the file. Blocks for as long as the disk takes.
    ///
    /// - Throws: What `read` throws, and `ioError` when the file ends before the range does.
    func md5(of range: Range<Int64>) throws(Errno) -> Digest {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 4096)
        defer { buffer.deallocate() }
        var md5 = MD5()
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = min(Int64(buffer.count), range.upperBound - position)
            let count = try read(UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(wanted)]), at: position)
            guard count == Int(wanted) else { throw .ioError }
            md5.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            position += wanted
        }
        return md5.finish()
    }
}
