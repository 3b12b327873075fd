import NIOCore
import NIOPosix
import SystemPackage

/// Where the pieces of a response's body come from: memory, or a file that threads of the pool read, so that a slow disk
/// never holds up an event loop.
final class BodySource: Sendable {
    /// 512 KiB: big enough that hops between threads don't count, small enough that hundreds of connections with two
    /// pieces each stay below a gigabyte.
    static let pieceSize = 512 << 10

    private enum Storage {
        case memory(ByteBuffer)
        case file(SystemPackage.FileDescriptor, start: Int64)
    }

    /// Bytes in the body.
    let count: Int64
    private let storage: Storage
    private let pool: NIOThreadPool
    private let eventLoop: any EventLoop

    /// Nil if there is no body.
    init?(_ body: Reply.Body, pool: NIOThreadPool, eventLoop: any EventLoop) throws {
        self.pool = pool
        self.eventLoop = eventLoop
        switch body {
        case .none:
            return nil
        case .bytes(let bytes):
            storage = .memory(ByteBuffer(bytes: bytes))
            count = Int64(bytes.count)
        case .file(let path, let range):
            storage = .file(
                try SystemPackage.FileDescriptor.open(path, .readOnly, options: .closeOnExec),
                start: range.lowerBound
            )
            count = range.upperBound - range.lowerBound
        }
    }

    deinit {
        if case .file(let descriptor, _) = storage { try? descriptor.close() }
    }

    /// Starts to fetch a piece that lies inside the body.
    func piece(at offset: Int64, count: Int) -> EventLoopFuture<ByteBuffer> {
        switch storage {
        case .memory(let buffer):
            let piece = buffer.getSlice(at: buffer.readerIndex + Int(offset), length: count) ?? ByteBuffer()
            return eventLoop.makeSucceededFuture(piece)
        case .file(let descriptor, let start):
            // The closure keeps this object, and so the descriptor, until the read is over.
            return pool.runIfActive(eventLoop: eventLoop) { [self] in
                try withExtendedLifetime(self) { try Self.read(descriptor, at: start + offset, count: count) }
            }
        }
    }

    private static func read(_ descriptor: SystemPackage.FileDescriptor, at offset: Int64, count: Int) throws
        -> ByteBuffer
    {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        while buffer.readableBytes < count {
            let missing = count - buffer.readableBytes
            let position = offset + Int64(buffer.readableBytes)
            let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) { bytes in
                try descriptor.read(
                    fromAbsoluteOffset: position,
                    into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<missing])
                )
            }
            // A file that has become shorter than its listing said.
            if read == 0 { throw Errno.ioError }
        }
        return buffer
    }
}
