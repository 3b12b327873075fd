internal import Synchronization

/// Buffers in which a read is put together from several places: one for each thread that does so at a time, used again.
/// They come on top of the reader's ceiling: as many MiB as the mount has threads.
final class ScratchBuffers: Sendable {
    /// The kernel's largest read.
    private static let size = 1 << 20

    private let free = Mutex<[Buffer]>([])
    private let pool = BufferPool(limit: 64 << 20)

    /// Calls `body` with `count` bytes of memory whose content is undefined.
    func withBuffer<Result>(of count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        guard count <= Self.size, let buffer = free.withLock({ $0.popLast() }) ?? pool.take(Self.size) else {
            return withUnsafeTemporaryAllocation(byteCount: count, alignment: 4096, body)
        }
        defer { free.withLock { $0.append(buffer) } }
        return body(UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count]))
    }
}
