import CLinux
import Glibc
import SystemPackage

/// A pipe between this process and one that it starts. Both ends close on exec.
struct Pipe: ~Copyable {
    /// The end that bytes come out of.
    private(set) var readEnd: CInt
    /// The end that bytes go into; -1 once closed.
    private(set) var writeEnd: CInt

    init() throws(Errno) {
        var ends: [CInt] = [-1, -1]
        guard CLinux_pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        if writeEnd >= 0 {
            close(writeEnd)
        }
    }

    /// Closes this process's copy of the writing end, so that reading ends when the other process does.
    mutating func closeWriteEnd() {
        close(writeEnd)
        writeEnd = -1
    }

    /// Waits for a line, without its newline; `nil` when the other side closed before it wrote one.
    func readLine() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(readEnd, &byte, 1)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }

    /// Reads until the other side has closed.
    func readAll() -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(readEnd, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
    }
}
