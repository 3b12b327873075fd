import Glibc
import SystemPackage

/// What other programs write to this one.
enum StandardInput {
    /// All of it, as text.
    ///
    /// - Parameter limit: What is behind this many bytes is not read.
    static func text(atMost limit: Int) throws(Errno) -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = read(STDIN_FILENO, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Errno(rawValue: errno) }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
