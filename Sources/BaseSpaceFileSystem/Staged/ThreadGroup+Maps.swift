internal import Glibc
internal import Namespace

extension ThreadGroup {
    /// Whether a process has a shared map of an inode that it can write to; `false` if that can't be seen from here.
    ///
    /// Bytes written to such a map reach the file long after the descriptor was closed. Not to be called on a thread
    /// that serves requests: a process that changes its maps keeps others from looking at them, and may be waiting for an
    /// answer of ours meanwhile (`munmap` writes what is dirty first).
    static func process(_ process: Int32, mapsWritably inode: InodeNumber) -> Bool {
        guard process > 0, let file = fopen("/proc/\(process)/maps", "re") else { return false }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while true {
            let count = getline(&line, &capacity, file)
            guard count > 0, let line else { return false }
            if isWritableMap(UnsafeRawBufferPointer(start: line, count: count), of: inode) { return true }
        }
    }

    /// Looks at a line of `maps`: `address perms offset device inode path`, perms `rw-s` for a shared, writable one.
    private static func isWritableMap(_ line: UnsafeRawBufferPointer, of inode: InodeNumber) -> Bool {
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
        guard fields.count > 4, fields[1].contains(UInt8(ascii: "w")), fields[1].contains(UInt8(ascii: "s")) else {
            return false
        }
        return fields[4].prefix { $0 != UInt8(ascii: "\n") }.elementsEqual("\(inode.rawValue)".utf8)
    }
}
