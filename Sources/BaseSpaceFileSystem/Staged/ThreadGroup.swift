internal import Glibc

/// Processes and their threads, as `/proc` tells them.
enum ThreadGroup {
    /// The process that a thread belongs to; the thread's own number if it is gone or not to be seen from here.
    ///
    /// FUSE names the calling *thread* of an operation. Programs open a file in one thread and close it in another, so
    /// only the thread group tells whether the opener closes.
    static func of(thread: Int32) -> Int32 {
        guard thread > 0, let status = fopen("/proc/\(thread)/status", "re") else { return thread }
        defer { fclose(status) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, CInt(line.count), status) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("Tgid:") else { continue }
            return text.split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0) } ?? thread
        }
        return thread
    }
}
