internal import Glibc

/// Reads a request's body as the line takes it, and again from any place when libcurl starts over.
struct BodySource {
    private let body: HTTPBody
    private var position: Int64 = 0

    init(_ body: HTTPBody) {
        self.body = body
    }

    /// Whether there is more to send.
    var isAtEnd: Bool { position >= body.count }

    mutating func seek(to position: Int64) {
        self.position = position
    }

    /// Fills `buffer` as far as possible. `nil` when the file has no such bytes (any more).
    mutating func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = Int(min(Int64(buffer.count), body.count - position))
        guard count > 0 else { return 0 }
        switch body {
        case .none:
            return 0
        case .bytes(let bytes):
            bytes.withUnsafeBytes { source in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[Int(position)..<Int(position) + count]))
            }
            position += Int64(count)
            return count
        case .file(let descriptor, let offset, _):
            let read = Self.readOnce(descriptor, buffer.baseAddress, count, at: offset + position)
            guard read > 0 else { return nil }
            position += Int64(read)
            return read
        }
    }

    private static func readOnce(
        _ descriptor: CInt,
        _ buffer: UnsafeMutableRawPointer?,
        _ count: Int,
        at offset: Int64
    ) -> Int {
        while true {
            let read = pread(descriptor, buffer, count, off_t(offset))
            if read >= 0 || errno != EINTR { return read }
        }
    }
}
