internal import Glibc
internal import Namespace

/// Processes and their threads, as `/proc` tells them.
enum ThreadGroup {
    /// The process that a thread belongs to; the thread's own number if it is gone or not to be seen from here.
    ///
    /// FUSE names the calling *thread* of an operation. Programs open a file in one thread and close it in another, so
    /// only the thread group tells whether the opener closes.
    static func of(thread: Int32) -> Int32 {
        guard thread > 0 else { return thread }
        return field("Tgid:", in: "/proc/\(thread)/status").flatMap { Int32($0) } ?? thread
    }

    /// Whether a process has a descriptor of an inode that it can write through; `false` if that can't be seen from here.
    ///
    /// The kernel takes a descriptor out of the table before it reports the close, so the one being closed does not count.
    /// `fdinfo` tells the inode (since Linux 5.14) without asking the file system it is of, which `stat` would do.
    static func process(_ process: Int32, canWriteTo inode: InodeNumber) -> Bool {
        guard process > 0, let directory = opendir("/proc/\(process)/fdinfo") else { return false }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard Int32(name) != nil else { continue }
            let path = "/proc/\(process)/fdinfo/\(name)"
            guard field("ino:", in: path).flatMap({ UInt64($0) }) == inode.rawValue else { continue }
            let flags = field("flags:", in: path).flatMap { Int32($0, radix: 8) } ?? O_RDONLY
            if flags & O_ACCMODE != O_RDONLY { return true }
        }
        return false
    }

    /// Whether a thread is on its way out because a signal killed it (`kill -9`, Ctrl-C). A program that handles the
    /// signal and ends by itself knows what it closes.
    static func isKilled(thread: Int32) -> Bool {
        guard thread > 0, let line = firstLine(of: "/proc/\(thread)/stat") else { return false }
        // proc(5): "pid (name) state ppid pgrp session tty tpgid flags … exit_code"; the name may hold blanks and
        // parentheses. The kernel ends the other threads of a process that calls `exit` as if by a signal, so the flag
        // alone would not do; what is reported to the parent has the signal in its lowest bits.
        guard let end = line.lastIndex(of: ")") else { return false }
        let fields = line[line.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 7, let flags = UInt32(fields[6]), let code = fields.last.flatMap({ UInt32($0) }) else {
            return false
        }
        return flags & endedBySignal != 0 && code & 0x7f != 0
    }

    /// PF_SIGNALED of the kernel's sched.h.
    private static let endedBySignal: UInt32 = 0x400

    private static func firstLine(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        guard fgets(&line, CInt(line.count), file) != nil else { return nil }
        return String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The last word of the line of a `/proc` file that begins with a label.
    private static func field(_ label: String, in path: String) -> Substring? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix(label) else { continue }
            return text.split(whereSeparator: \.isWhitespace).last
        }
        return nil
    }
}
