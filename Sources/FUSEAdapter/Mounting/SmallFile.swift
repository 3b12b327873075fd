import SystemPackage

/// Files of `/proc`, `/sys` and `/etc`, read and written whole.
enum SmallFile {
    /// The file's text; `nil` when it can't be read.
    static func read(_ path: FilePath) -> String? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        var bytes: [UInt8] = []
        // The files of /proc report no size.
        while true {
            let before = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: 16 << 10))
            let count = bytes.withUnsafeMutableBytes {
                try? file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[before...]))
            }
            guard let count else { return nil }
            bytes.removeLast(bytes.count - before - count)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        }
    }

    /// Writes to an existing file; false when that is not possible.
    static func write(_ text: String, to path: FilePath) -> Bool {
        guard let file = try? FileDescriptor.open(path, .writeOnly, options: .closeOnExec) else { return false }
        defer { try? file.close() }
        return (try? file.writeAll(text.utf8)) != nil
    }
}
