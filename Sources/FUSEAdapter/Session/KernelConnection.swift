import BaseSpaceFileSystem
import CFUSE
import Dispatch
import Glibc
import Logging
import Namespace
import Synchronization
import SystemPackage

/// libfuse's session, and what the callbacks need to serve its requests. It is libfuse's `userdata`.
///
/// It lives until its last request has been answered, since a request points into libfuse's session: every pending
/// request holds a reference to it. The device's descriptor stays open as long, so that its number is not given to
/// another file while a late answer is on its way; `disconnect` puts `/dev/null` in its place instead of closing it.
///
/// `@unchecked Sendable`: `session` is written once, in `init`, before any other thread sees the object; libfuse's
/// session does its own locking.
final class KernelConnection: @unchecked Sendable {
    let fileSystem: any FileSystem
    let logger: Logger
    let features: KernelFeatures
    let directoryBuffers: DirectoryBuffers
    let counters: OperationCounters
    private let passthrough: Passthrough
    private let interrupts = Mutex(InterruptTable<PendingWork>())
    /// Entered by each pending request, left when it has been answered.
    fileprivate let answering = DispatchGroup()
    private let isNegotiated = Atomic(false)
    private let expiresNames = Atomic(false)
    private var session: OpaquePointer?

    /// Creates libfuse's session, without mounting it; `nil` when it does not take the options.
    init?(
        fileSystem: any FileSystem,
        options: [String],
        features: KernelFeatures,
        counters: OperationCounters,
        logger: Logger
    ) {
        self.fileSystem = fileSystem
        self.logger = logger
        self.features = features
        self.counters = counters
        directoryBuffers = DirectoryBuffers()
        passthrough = Passthrough(logger: logger)

        var arguments = fuse_args()
        defer { fuse_opt_free_args(&arguments) }
        fuse_opt_add_arg(&arguments, "basespacefs")
        var joined: UnsafeMutablePointer<CChar>?
        for option in options {
            fuse_opt_add_opt_escaped(&joined, option)
        }
        if let joined {
            fuse_opt_add_arg(&arguments, "-o")
            fuse_opt_add_arg(&arguments, joined)
            free(joined)
        }

        var table = operations()
        session = fuse_session_new(
            &arguments,
            &table,
            MemoryLayout<fuse_lowlevel_ops>.size,
            Unmanaged.passUnretained(self).toOpaque()
        )
        if session == nil { return nil }
    }

    deinit {
        if let session {
            fuse_session_destroy(session)
        }
    }

    /// The connection that a callback's request came by.
    static func of(_ request: fuse_req_t) -> Unmanaged<KernelConnection>? {
        fuse_req_userdata(request).map { Unmanaged.fromOpaque($0) }
    }

    /// Answers the kernel's INIT.
    func agree(on connection: inout fuse_conn_info) {
        features.apply(to: &connection)
        expiresNames.store(connection.capable & UInt32(FUSE_CAP_EXPIRE_ONLY) != 0, ordering: .relaxed)
    }

    // MARK: The device

    /// Mounts; false when libfuse refused, and said why to its log.
    func mount(on mountPoint: String) -> Bool {
        guard fuse_session_mount(session, mountPoint) == 0 else { return false }
        var io = fuse_custom_io()
        io.read = { device, buffer, size, userdata in
            let count = Glibc.read(device, buffer, size)
            if count > 0, let userdata {
                Unmanaged<KernelConnection>.fromOpaque(userdata)._withUnsafeGuaranteedRef { connection in
                    guard !connection.isNegotiated.load(ordering: .relaxed) else { return }
                    connection.passthrough.negotiate(UnsafeRawBufferPointer(start: buffer, count: count))
                }
            }
            return count
        }
        io.writev = { device, parts, count, userdata in
            if let userdata {
                Unmanaged<KernelConnection>.fromOpaque(userdata)._withUnsafeGuaranteedRef { connection in
                    guard !connection.isNegotiated.load(ordering: .relaxed) else { return }
                    KernelFeatures.complete(
                        answer: UnsafeBufferPointer(start: parts, count: Int(count)),
                        passthrough: connection.passthrough.isWanted
                    )
                }
            }
            return Glibc.writev(device, parts, count)
        }
        guard fuse_session_custom_io(session, &io, device) == 0 else { return false }
        // Serving threads wait in epoll, where they can be told to stop, and not in read.
        _ = fcntl(device, F_SETFL, fcntl(device, F_GETFL) | O_NONBLOCK)
        return true
    }

    /// The descriptor of `/dev/fuse`.
    var device: CInt { fuse_session_fd(session) }

    /// Takes the next request off the device. Returns its size, 0 at the end of the mount, or a negative errno;
    /// `-EAGAIN` when none is waiting.
    func receive(into buffer: inout fuse_buf) -> CInt {
        fuse_session_receive_buf(session, &buffer)
    }

    /// Serves the request in `buffer`.
    func process(_ buffer: inout fuse_buf) {
        fuse_session_process_buf(session, &buffer)
        // The first request is INIT, and libfuse answers it before it returns.
        if !isNegotiated.load(ordering: .relaxed) { isNegotiated.store(true, ordering: .relaxed) }
    }

    /// Marks the end for libfuse, which then keeps quiet about answers that reach nobody.
    func markEnded() {
        fuse_session_exit(session)
    }

    /// Whether the kernel has ended the connection, because of an unmount or an abort.
    var isDead: Bool {
        var state = pollfd(fd: device, events: 0, revents: 0)
        return poll(&state, 1, 0) == 1 && state.revents & Int16(POLLERR) != 0
    }

    /// Ends the connection to the kernel: whoever still waits for the mount gets an error at once. Answers and
    /// notifications that come later go to `/dev/null`.
    func disconnect() {
        let null = Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        dup2(null, device)
        _ = fcntl(device, F_SETFD, FD_CLOEXEC)
        close(null)
    }

    /// Tells the kernel to forget a name.
    func notifyInvalidEntry(_ name: String, in parent: UInt64) {
        fuse_lowlevel_notify_inval_entry(session, parent, name, name.utf8.count)
    }

    /// Tells the kernel to ask anew what a name means. A kernel that can't be told so asks when the name's time is over.
    func notifyExpiredEntry(_ name: String, in parent: UInt64) {
        // An older kernel would not see that it is only to ask, and forget the name.
        guard let session, expiresNames.load(ordering: .relaxed) else { return }
        _ = cfuse_notify_expire_entry(session, parent, name, name.utf8.count)
    }

    /// Tells the kernel to forget an inode's attributes and pages.
    func notifyInvalidInode(_ inode: UInt64) {
        fuse_lowlevel_notify_inval_inode(session, inode, 0, 0)
    }

    /// Tells the kernel to forget the pages of an inode, unless it is open. (One that is opened at this moment only loses
    /// pages that it can have again.)
    func dropPages(ofClosed inode: UInt64) {
        if !passthrough.isOpen(InodeNumber(rawValue: inode)) { notifyInvalidInode(inode) }
    }

    // MARK: Answers

    /// Runs an operation and answers its request, now or when its work is done: exactly once in every case.
    func answer<Value: Sendable>(
        _ request: Request,
        _ operation: () throws(Errno) -> Answer<Value>,
        with reply: @escaping @Sendable (Request, Value) -> Void
    ) {
        do throws(Errno) {
            switch try operation() {
            case .ready(let value):
                reply(request, value)
            case .pending(let work):
                run(work, for: request, reply)
            }
        } catch {
            request.fail(error)
        }
    }

    /// Runs the rest of an operation as a task that the kernel can interrupt.
    private func run<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(Errno) -> Value,
        for request: Request,
        _ reply: @escaping @Sendable (Request, Value) -> Void
    ) {
        let key = register(request)
        let task = Task {
            do throws(Errno) {
                let value = try await work()
                _ = self.finish(key)
                reply(request, value)
            } catch {
                _ = self.finish(key)
                request.fail(error)
            }
            self.answering.leave()
        }
        began(key, .task(task))
    }

    /// Starts a read whose bytes are not here yet.
    func run(_ read: any PendingRead, for request: Request) {
        let key = register(request)
        read.start(PendingReadReply(connection: self, request: request, key: key))
        began(key, .read(read))
    }

    // MARK: Interrupts

    /// Makes a request interruptible. Comes before its work starts: the work may answer, and so free, the request.
    private func register(_ request: Request) -> UInt {
        answering.enter()
        let key = interrupts.withLock { $0.register() }
        // Called with libfuse's lock of the request held, on a serving thread; for a request that has been interrupted
        // already, before this call returns.
        fuse_req_interrupt_func(
            request.pointer,
            { pointer, key in
                guard let pointer, let connection = KernelConnection.of(pointer) else { return }
                connection._withUnsafeGuaranteedRef { $0.interrupt(UInt(bitPattern: key)) }
            },
            UnsafeMutableRawPointer(bitPattern: key)
        )
        return key
    }

    private func began(_ key: UInt, _ work: PendingWork) {
        interrupts.withLock { $0.began(key, work) }?.cancel()
    }

    private func interrupt(_ key: UInt) {
        interrupts.withLock { $0.interrupt(key) }?.cancel()
    }

    /// True for the one caller that is to answer the request.
    fileprivate func finish(_ key: UInt) -> Bool {
        interrupts.withLock { $0.finish(key) }
    }

    /// Cancels the work of all pending requests.
    func interruptAll() {
        for work in interrupts.withLock({ $0.interruptAll() }) {
            work.cancel()
        }
    }

    /// Waits until what was interrupted has been answered. An answer that came after `disconnect` would be lost, and if the
    /// kernel is busy with a notification meanwhile, which waits for that very operation, neither would ever end.
    func waitForAnswers(atMost patience: DispatchTimeInterval) {
        _ = answering.wait(timeout: .now() + patience)
    }

    // MARK: Open files

    /// Answers with an opened file. False, and `noteRelease` need not follow, when the kernel does not take it.
    func hand(_ file: OpenFile, of inode: InodeNumber, to request: Request) -> Bool {
        let way = passthrough.open(file, of: inode, device: device)
        guard way != .refused else {
            request.fail(.resourceBusy)
            return false
        }
        guard request.succeed(with: file, way) else {
            passthrough.release(inode, device: device)
            return false
        }
        if case .passthrough = way { counters.countPassthrough() }
        return true
    }

    /// Answers with a file that was made and opened; the same holds.
    func hand(_ created: CreatedFile, to request: Request) -> Bool {
        let inode = created.entry.attributes.attributes.inode
        // The answer to CREATE takes no backing file. What is there already may have one, when somebody else made it.
        var file = created.file
        file.backing = nil
        guard passthrough.open(file, of: inode, device: device) != .refused else {
            request.fail(.resourceBusy)
            return false
        }
        guard request.succeed(with: created) else {
            passthrough.release(inode, device: device)
            return false
        }
        return true
    }

    /// An open that the kernel took is over.
    func noteRelease(of inode: InodeNumber) {
        passthrough.release(inode, device: device)
    }

    /// Whether no file is open; `true` too where passthrough is not used.
    var hasNoOpenFiles: Bool { passthrough.isIdle }

    /// Whether files may be passed through.
    var passesThrough: Bool { passthrough.isWanted }

    /// Requests that wait for their answer.
    var pendingRequests: Int { interrupts.withLock { $0.count } }
}

/// Answers a read when its bytes have come.
private struct PendingReadReply: ReadReply {
    let connection: KernelConnection
    let request: Request
    let key: UInt

    func succeed(_ bytes: UnsafeRawBufferPointer) {
        guard connection.finish(key) else { return }
        request.succeed(with: bytes)
        connection.answering.leave()
    }

    func fail(_ errno: Errno) {
        guard connection.finish(key) else { return }
        request.fail(errno)
        connection.answering.leave()
    }
}
