internal import CLinux
internal import Glibc
internal import SystemPackage

/// The open files of one content: where its blocks and its map are.
///
/// Nothing of the map is kept in memory: each read loads the 272-byte record it needs (some 300 ns out of the kernel's
/// page cache, against 10 µs to hash one block). So every process sees what every other one stored, a content of 60 GB
/// costs no memory, and a disk that fails or vanishes is an error number, where a mapped file would be a SIGBUS.
final class ContentFiles: Sendable {
    let name: ContentName
    let key: ContentKey
    let layout: ContentLayout
    let isWritable: Bool
    let data: CInt
    private let dataStart: Int64
    let map: CInt
    let mapStart: Int64
    /// The files hold nothing but this content.
    let ownsDescriptors: Bool

    /// Files of the content's own; closed with the object.
    init(name: ContentName, key: ContentKey, data: CInt, map: CInt, isWritable: Bool) {
        self.name = name
        self.key = key
        layout = ContentLayout(size: key.size)
        self.isWritable = isWritable
        self.data = data
        dataStart = 0
        self.map = map
        mapStart = 0
        ownsDescriptors = true
    }

    /// Regions of files that are shared with other contents and belong to somebody else.
    init(name: ContentName, key: ContentKey, data: CInt, dataStart: Int64, map: CInt, mapStart: Int64) {
        self.name = name
        self.key = key
        layout = ContentLayout(size: key.size)
        isWritable = true
        self.data = data
        self.dataStart = dataStart
        self.map = map
        self.mapStart = mapStart
        ownsDescriptors = false
    }

    deinit {
        if ownsDescriptors {
            close(data)
            close(map)
        }
    }

    // MARK: The map

    private func offset(ofRecord chunk: Int) -> Int64 {
        mapStart + Int64(MapHeader.pageSize) + Int64(chunk) * Int64(ChunkRecord.size)
    }

    /// Loads a chunk's record. What can't be read (a map cut short, a disk that is gone) counts as absent.
    func record(ofChunk chunk: Int) -> ChunkRecord {
        var record = ChunkRecord()
        let count = withUnsafeMutableBytes(of: &record) { FileIO.read(map, $0, at: offset(ofRecord: chunk)) }
        if count < ChunkRecord.size {
            // The last, partly read word goes with what was not read.
            withUnsafeMutableBytes(of: &record) { bytes in
                for index in (count & ~7)..<bytes.count {
                    bytes[index] = 0
                }
            }
        }
        return record
    }

    func save(_ record: ChunkRecord, ofChunk chunk: Int) -> Errno? {
        withUnsafeBytes(of: record) { FileIO.write(map, $0, at: offset(ofRecord: chunk)) }
    }

    func save(_ recency: Recency, ofChunk chunk: Int) {
        // A use that can't be written down is a use that is forgotten; the reader has its bytes.
        _ = FileIO.write(map, word: recency.rawValue, at: offset(ofRecord: chunk) + Int64(ChunkRecord.recencyOffset))
    }

    /// Makes a block not present, unless its checksum is another one by now: then somebody else has been here, and the
    /// answer is false. (Without a lock: a store that comes between the two steps is forgotten, and its block fetched
    /// once more.)
    func doubt(slot: Int, ofChunk chunk: Int, checksum: UInt64) -> Bool {
        guard record(ofChunk: chunk).checksum(slot) == checksum else { return false }
        if isWritable {
            let offset = offset(ofRecord: chunk) + Int64(ChunkRecord.checksumsOffset + 8 * slot)
            _ = FileIO.write(map, word: 0, at: offset)
            // The data file is as it was, and its change time with it.
            eraseStamp()
        }
        return true
    }

    // MARK: The blocks

    /// Reads bytes of the content; false if not all of them are in the file.
    func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Bool {
        FileIO.read(data, buffer, at: dataStart + offset) == buffer.count
    }

    /// Writes bytes of the content past the page cache, as far as memory, length and file system allow,
    /// else through it.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Errno? {
        var direct = 0
        if ownsDescriptors, UInt(bitPattern: bytes.baseAddress) % UInt(ContentLayout.allocationUnit) == 0 {
            direct = writeDirectly(bytes, at: offset)
        }
        guard direct < bytes.count else { return nil }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[direct...])
        return FileIO.write(data, rest, at: dataStart + offset + Int64(direct))
    }

    /// Writes the whole pages with O_DIRECT and returns how many bytes that were. Any refusal (tmpfs before 6.6, FUSE and
    /// network file systems, a device with larger sectors) leaves all to the buffered way, which also finds out what is
    /// wrong when the refusal was no refusal.
    private func writeDirectly(_ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Int {
        let length = bytes.count & ~Int(ContentLayout.allocationUnit - 1)
        guard length > 0 else { return 0 }
        let file = FileIO.reopen(data, O_WRONLY | CLinux_directIOFlag())
        guard file >= 0 else { return 0 }
        defer { close(file) }
        let pages = UnsafeRawBufferPointer(rebasing: bytes[..<length])
        return FileIO.write(file, pages, at: offset, piece: length) == nil ? length : 0
    }

    /// Frees the disk space of blocks. Only for who knows that they are not pinned (`unlessPinned`).
    func free(_ blocks: Range<Int>) -> Errno? {
        // Up to the block's bound, past the content's end, so that the tail's page goes too.
        let start = Int64(blocks.lowerBound) * Int64(ContentLayout.blockSize)
        let length = Int64(blocks.count) * Int64(ContentLayout.blockSize)
        return CLinux_punchHole(data, dataStart + start, length) == 0 ? nil : FileIO.lastError
    }

    /// Bytes that the file system has allocated for the blocks; nil where that can't be told apart from other contents.
    var allocatedOnDisk: Int64? {
        var status = stat()
        guard ownsDescriptors, fstat(data, &status) == 0 else { return nil }
        return Int64(status.st_blocks) * 512
    }
}
