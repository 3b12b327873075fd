internal import Glibc
internal import SystemPackage

/// Positioned reads and writes that go on after interruptions and short transfers.
enum FileIO {
    /// What a buffered write hands to the kernel at once: larger pieces cost page-cache stalls, smaller ones calls.
    private static let bufferedPiece = 1 << 20

    static var lastError: Errno { Errno(rawValue: errno) }

    /// Reads until the buffer is full; returns fewer bytes at the file's end and on an error. Allocates nothing.
    static func read(_ file: CInt, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(file, buffer.baseAddress.map { $0 + done }, buffer.count - done, Int(offset) + done)
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return done
    }

    /// Reads up to `count` bytes.
    static func bytes(of file: CInt, count: Int, at offset: Int64) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = read(file, UnsafeMutableRawBufferPointer(buffer), at: offset)
        }
    }

    /// Writes all bytes, or says why it could not.
    static func write(
        _ file: CInt,
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int64,
        piece: Int = bufferedPiece
    ) -> Errno? {
        var done = 0
        while done < bytes.count {
            let length = min(piece, bytes.count - done)
            let count = pwrite(file, bytes.baseAddress.map { $0 + done }, length, Int(offset) + done)
            if count > 0 {
                done += count
            } else if count == 0 {
                return .ioError
            } else if errno != EINTR {
                return lastError
            }
        }
        return nil
    }

    /// Writes one word.
    static func write(_ file: CInt, word: UInt64, at offset: Int64) -> Errno? {
        var word = word.littleEndian
        return withUnsafeBytes(of: &word) { write(file, $0, at: offset) }
    }

    /// The clock that file systems take change times from, in nanoseconds since 1970.
    static var coarseTime: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Opens a file again through /proc with other flags: surely the same one, even if its name is gone.
    static func reopen(_ file: CInt, _ flags: CInt) -> CInt {
        open("/proc/self/fd/\(file)", flags | O_CLOEXEC)
    }
}

/// Milliseconds since 1970. A parameter so that tests can let a minute pass.
typealias CacheClock = @Sendable () -> UInt64

/// The clock of the running system, without a system call (a few milliseconds coarse).
let systemClock: CacheClock = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(time.tv_nsec / 1_000_000)
}
