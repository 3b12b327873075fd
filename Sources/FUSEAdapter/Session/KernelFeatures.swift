import CFUSE
import Glibc

/// What is agreed with the kernel when the mount starts.
struct KernelFeatures: Sendable {
    /// Requests that the kernel may have under way in the background (read-ahead among them). Its own default, 12,
    /// holds a sequential reader to less than half of what 64 reach with a latency of 20 ms.
    var maximumBackground: UInt32

    /// Bytes of one write: the most that libfuse 3.14 has buffers for.
    private static let maximumWrite: UInt32 = 1 << 20

    /// Used whenever the kernel offers them.
    private static let wanted =
        FUSE_CAP_ASYNC_READ  // several reads of a file at once; without it a stream waits for each
        | FUSE_CAP_PARALLEL_DIROPS  // lookups in one directory don't wait for each other
        | FUSE_CAP_READDIRPLUS  // a listing brings the attributes, `du` needs no lookups
        | FUSE_CAP_ATOMIC_O_TRUNC  // O_TRUNC comes with open, not as a change of size after it
        | FUSE_CAP_AUTO_INVAL_DATA  // a new mtime or size drops the cached pages
        | FUSE_CAP_ASYNC_DIO  // O_DIRECT readers get their pieces in parallel

    /// Never used.
    private static let unwanted =
        FUSE_CAP_READDIRPLUS_AUTO  // turns to plain listings, after which `du` looks up each name
        | FUSE_CAP_WRITEBACK_CACHE  // writes would come out of order and errors late
        | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE  // measured slower than copying

    /// Puts them into the answer to the kernel's INIT.
    func apply(to connection: inout fuse_conn_info) {
        connection.want |= connection.capable & UInt32(Self.wanted)
        connection.want &= ~UInt32(Self.unwanted)
        connection.max_write = Self.maximumWrite
        connection.max_background = maximumBackground
        // From three quarters on the kernel holds back what nobody waits for.
        connection.congestion_threshold = maximumBackground * 3 / 4
    }

    /// Adds to libfuse's answer to INIT what libfuse 3.14 leaves out of it: FUSE_PARALLEL_DIROPS is wanted and still
    /// not sent. Without it the kernel lets one lookup into a directory at a time, and whoever waits for his turn can't
    /// even be killed, so that one lookup which hangs takes everybody along.
    ///
    /// FUSE_DIRECT_IO_ALLOW_MMAP, which libfuse 3.14 does not know, lets programs map a file shared whose handle
    /// leaves the page cache out. The kernel then writes the dirty pages before it reads through such a handle, and
    /// before `flush`, `munmap` and `msync` return.
    ///
    /// With `passthrough`, the kernel is asked for that too, with backing files on plain file systems: one layer.
    ///
    /// `parts` are a `fuse_out_header` and, unless the answer is an error, a `fuse_init_out`. A kernel that does not know
    /// a flag (the first before 4.7, the second before 6.6) ignores it.
    static func complete(answer parts: UnsafeBufferPointer<iovec>, passthrough: Bool) {
        guard parts.count == 2, parts[1].iov_len >= MemoryLayout<fuse_init_out>.offset(of: \.max_background) ?? .max
        else { return }
        guard let answer = parts[1].iov_base?.assumingMemoryBound(to: fuse_init_out.self) else { return }
        answer.pointee.flags |= UInt32(FUSE_PARALLEL_DIROPS)
        // An older kernel takes a shorter answer.
        guard parts[1].iov_len == MemoryLayout<fuse_init_out>.size else { return }
        answer.pointee.flags |= UInt32(FUSE_INIT_EXT)
        answer.pointee.flags2 |= cfuse_direct_io_allow_mmap_flag2
        if passthrough {
            answer.pointee.flags2 |= cfuse_passthrough_flag2
            cfuse_set_max_stack_depth(answer, 1)
        }
    }

    /// Whether a request is an INIT of a kernel that can pass opens through.
    static func offersPassthrough(_ request: UnsafeRawBufferPointer) -> Bool {
        let headerSize = MemoryLayout<fuse_in_header>.size
        guard request.count >= headerSize + MemoryLayout<fuse_init_in>.size,
            request.loadUnaligned(as: fuse_in_header.self).opcode == FUSE_INIT.rawValue
        else { return false }
        let offer = request.loadUnaligned(fromByteOffset: headerSize, as: fuse_init_in.self)
        return offer.major == FUSE_KERNEL_VERSION && offer.minor >= cfuse_passthrough_minor
            && offer.flags & UInt32(FUSE_INIT_EXT) != 0 && offer.flags2 & cfuse_passthrough_flag2 != 0
    }
}
