import Digests
import HummingbirdCore
import NIOCore
import NIOPosix
import Synchronization
import SystemPackage

/// The body of a request, read once.
struct IncomingBody: Sendable {
    /// A body was longer than it may be.
    struct TooLarge: Error {}

    /// The client went away in the middle of the body.
    struct Incomplete: Error {}

    let body: RequestBody
    /// What `Content-Length` promises; nil for chunked bodies, whose end shows by itself.
    let declaredLength: Int64?
    let pool: NIOThreadPool
    let received: Counter

    /// A count that the reader adds to and the log reads.
    final class Counter: Sendable {
        private let count = Mutex<Int64>(0)
        var value: Int64 { count.withLock { $0 } }
        func add(_ more: Int) { count.withLock { $0 += Int64(more) } }
    }

    /// The whole body in memory, at most `limit` bytes.
    func bytes(limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in body {
            received.add(buffer.readableBytes)
            guard bytes.count + buffer.readableBytes <= limit else { throw TooLarge() }
            bytes += buffer.readableBytesView
        }
        try checkLength(Int64(bytes.count))
        return bytes
    }

    /// Writes the body into a new file.
    ///
    /// - Returns: its length and its MD5.
    func save(to path: FilePath) async throws -> (size: Int64, md5: Digest) {
        let file = try UploadFile(path)
        // The socket brings 64 KiB at most; a megabyte is worth a hop to another thread.
        let chunk = 1 << 20
        var pending = ByteBuffer()
        for try await buffer in body {
            received.add(buffer.readableBytes)
            pending.writeImmutableBuffer(buffer)
            if pending.readableBytes >= chunk {
                let full = pending
                pending = ByteBuffer()
                try await pool.runIfActive { try file.append(full) }
            }
        }
        let rest = pending
        let (size, md5) = try await pool.runIfActive {
            try file.append(rest)
            return file.finish()
        }
        try checkLength(size)
        return (size, md5)
    }

    private func checkLength(_ length: Int64) throws {
        if let declaredLength, length != declaredLength { throw Incomplete() }
    }
}

/// A file that is written from its beginning to its end while its MD5 is computed.
private final class UploadFile: Sendable {
    private struct State: ~Copyable {
        var md5: MD5?
        var size: Int64 = 0
    }

    private let descriptor: SystemPackage.FileDescriptor
    private let state = Mutex(State(md5: MD5()))

    init(_ path: FilePath) throws {
        descriptor = try SystemPackage.FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .truncate, .closeOnExec],
            permissions: .ownerReadWrite
        )
    }

    deinit {
        try? descriptor.close()
    }

    /// Blocks.
    func append(_ buffer: ByteBuffer) throws {
        try state.withLock { state in
            try buffer.withUnsafeReadableBytes { bytes in
                _ = try descriptor.writeAll(bytes)
                state.md5?.update(bytes)
                state.size += Int64(bytes.count)
            }
        }
    }

    func finish() -> (size: Int64, md5: Digest) {
        state.withLock { state in
            let size = state.size
            guard let md5 = state.md5.take() else { return (size, MD5.digest(of: [])) }
            return (size, md5.finish())
        }
    }
}
