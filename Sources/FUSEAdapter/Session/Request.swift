import BaseSpaceFileSystem
import CFUSE
import SystemPackage

/// A request of the kernel that waits for its answer.
///
/// Each of the methods answers it, from any thread, and frees it: exactly one of them is called, once. Those that hand
/// the kernel something to give back later (a reference, a handle) return whether it has taken it; it has not when it
/// no longer waits.
///
/// `@unchecked Sendable`: libfuse lets any thread answer a request, and until then nobody changes it.
struct Request: @unchecked Sendable {
    let pointer: fuse_req_t

    /// The process that waits.
    var caller: Caller {
        guard let context = fuse_req_ctx(pointer) else { return Caller(pid: 0, uid: 0, gid: 0) }
        return Caller(pid: context.pointee.pid, uid: context.pointee.uid, gid: context.pointee.gid)
    }

    func fail(_ errno: Errno) {
        // An error with number 0 would read as success.
        let errno = errno.rawValue > 0 ? errno : .ioError
        KernelConnection.of(pointer)?._withUnsafeGuaranteedRef { $0.counters.count(errno) }
        fuse_reply_err(pointer, errno.rawValue)
    }

    func succeed() {
        fuse_reply_err(pointer, 0)
    }

    /// Frees a request that the kernel expects no answer to.
    func dismiss() {
        fuse_reply_none(pointer)
    }

    func succeed(with entry: Entry) -> Bool {
        var parameters = fuse_entry_param(entry)
        return fuse_reply_entry(pointer, &parameters) == 0
    }

    /// Says that a name does not exist, and for how many seconds that may be remembered.
    func succeed(withMissingFor lifetime: Double) {
        var parameters = fuse_entry_param()
        parameters.entry_timeout = lifetime
        fuse_reply_entry(pointer, &parameters)
    }

    func succeed(with attributes: TimedAttributes) {
        var status = stat(attributes.attributes)
        fuse_reply_attr(pointer, &status, attributes.lifetime)
    }

    func succeed(with file: OpenFile, _ way: PassthroughTable.Way) -> Bool {
        guard case .passthrough(let id) = way else {
            var info = fuse_file_info(file)
            return fuse_reply_open(pointer, &info) == 0
        }
        // libfuse 3.14 has no field for the id. Pages that were cached by earlier opens are of no more use: without
        // FOPEN_KEEP_CACHE the kernel frees them.
        var answer = cfuse_open_out()
        answer.fh = file.handle.rawValue
        answer.open_flags = cfuse_open_passthrough | (file.skipsFlush ? UInt32(FOPEN_NOFLUSH) : 0)
        answer.backing_id = id
        return withUnsafeBytes(of: &answer) { bytes in
            fuse_reply_buf(pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) == 0
        }
    }

    func succeed(withDirectory handle: FileHandle) -> Bool {
        var info = fuse_file_info()
        info.fh = handle.rawValue
        return fuse_reply_open(pointer, &info) == 0
    }

    func succeed(with created: CreatedFile) -> Bool {
        var parameters = fuse_entry_param(created.entry)
        var info = fuse_file_info(created.file)
        return fuse_reply_create(pointer, &parameters, &info) == 0
    }

    func succeed(with bytes: UnsafeRawBufferPointer) {
        fuse_reply_buf(pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }

    /// Answers `ioctl`.
    func succeedControl() {
        fuse_reply_ioctl(pointer, 0, nil, 0)
    }

    func succeed(withWritten count: Int) {
        fuse_reply_write(pointer, count)
    }

    func succeed(withLinkTo target: String) {
        fuse_reply_readlink(pointer, target)
    }

    func succeed(with statistics: VolumeStatistics) {
        var status = statvfs(statistics)
        fuse_reply_statfs(pointer, &status)
    }

    /// Answers `getxattr` and `listxattr`, which ask with a limit of 0 for the size only.
    func succeed(withAttribute value: [UInt8], limit: Int) {
        if limit == 0 {
            fuse_reply_xattr(pointer, value.count)
        } else if value.count > limit {
            fail(.outOfRange)
        } else {
            value.withUnsafeBytes { succeed(with: $0) }
        }
    }
}
