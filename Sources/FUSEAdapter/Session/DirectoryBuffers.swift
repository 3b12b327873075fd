import Glibc

/// One buffer per serving thread for the listings it sends, freed when the thread ends.
final class DirectoryBuffers: Sendable {
    private let key: pthread_key_t?

    init() {
        var key = pthread_key_t()
        self.key = pthread_key_create(&key, { free($0) }) == 0 ? key : nil
    }

    deinit {
        if let key { pthread_key_delete(key) }
    }

    /// Calls `body` with `count` bytes of the thread's buffer, or with fewer when there is no memory.
    func withBuffer<Result>(of count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        guard let key, count <= Self.capacity else {
            return withUnsafeTemporaryAllocation(byteCount: count, alignment: 8, body)
        }
        if let buffer = pthread_getspecific(key) {
            return body(UnsafeMutableRawBufferPointer(start: buffer, count: count))
        }
        let buffer = malloc(Self.capacity)
        pthread_setspecific(key, buffer)
        return body(UnsafeMutableRawBufferPointer(start: buffer, count: buffer == nil ? 0 : count))
    }

    /// The kernel asks for 32 KiB at a time (6.18), or for a page (before); larger requests get memory of their own.
    private static let capacity = 128 << 10
}
