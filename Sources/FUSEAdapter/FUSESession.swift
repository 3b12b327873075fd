public import BaseSpaceFileSystem
import CFUSE
import Dispatch
import Glibc
public import Logging
public import Namespace
import Synchronization
public import SystemPackage
import Threading

/// A mount: requests of the kernel, answered by a `FileSystem`.
///
/// `run()` serves requests on a few threads. Each takes a request off `/dev/fuse`, and libfuse decodes it and calls one
/// of the functions of `operations()`, which calls the file system. Three things can come of it:
///
/// - The file system has the answer: it goes to the kernel on the same thread. A read that finds its bytes allocates
///   nothing on this path and hands them over from where they lie.
/// - It throws: the errno goes to the kernel.
/// - It needs to wait: what is left to do becomes a task (or a started `PendingRead`), which answers from whatever
///   thread it ends on, and the serving thread takes the next request. The `InterruptTable` knows how to cancel it
///   when the kernel says that the program has been interrupted.
///
/// A file that is whole on a local disk (`OpenFile.backing`) is read by the kernel itself, where it can do that: `Passthrough`.
///
/// So a serving thread never waits for the network, and a stuck operation holds up nobody but its caller.
///
/// The end comes in one of two ways: somebody unmounts, which the next read off the device tells; or `stop()` is called,
/// which wakes all threads. `run()` then cancels what is pending and returns. `unmount()` cuts the connection, so that
/// whoever still uses the mount gets an error and not an endless wait, and takes the mount out of the tree. Tasks that
/// go on after that answer into the void.
///
/// There are no locks to order: the interrupt table, the notification queue, the table of opens and the life cycle each
/// have one, none is held while another is taken, and the file system is never called with one held.
public final class FUSESession: Sendable, KernelCache {
    /// How and where to mount.
    public struct Configuration: Sendable {
        /// The directory to mount on. It need not be empty; what it holds is hidden as long.
        public var mountPoint: FilePath
        /// A descriptor of `/dev/fuse` that is mounted on `mountPoint` already, by somebody who may do that where this
        /// process may not; the path is absolute and has no symbolic links then. The session takes it over.
        public var mountedDevice: CInt?
        /// Options of `mount -o`, one each, such as `fsname=…`, `subtype=basespacefs`, `ro` or `allow_other`.
        public var options: [String]
        /// Threads that serve requests. 2 saturate two cores; 4 were no faster for reads over the network.
        public var threads = 2
        /// Requests that the kernel may have under way in the background.
        public var maximumBackground = 64
        /// Where requests are counted.
        public var counters = OperationCounters()
        /// Gets what libfuse has to say, and what goes wrong beyond a single request.
        public var logger: Logger

        /// Describes a mount.
        public init(mountPoint: FilePath, options: [String] = [], logger: Logger) {
            self.mountPoint = mountPoint
            self.options = options
            self.logger = logger
        }
    }

    private enum LifeCycle {
        case mounted
        case running
        /// `unmount()` came while requests were being served; `run()` does it at its end.
        case runningUntilUnmounted
        case ended
        case unmounted
    }

    /// How long the end of a session waits for requests that were interrupted. They answer at once.
    private static let patience = DispatchTimeInterval.seconds(2)

    /// The mount point, as an absolute path without symbolic links.
    public let mountPoint: FilePath

    private let connection: KernelConnection
    private let notifications: NotificationQueue
    private let stopSignal: StopSignal
    /// Its device number, `nil` where `/proc` does not tell.
    private let device: String?
    private let threads: Int
    private let logger: Logger
    private let lifeCycle = Mutex(LifeCycle.mounted)

    /// Mounts. From then on programs that use the mount wait for `run()`.
    public init(_ configuration: Configuration, fileSystem: any FileSystem) throws(MountError) {
        logger = configuration.logger
        threads = max(1, configuration.threads)
        LibfuseLog.redirect(to: logger)
        if configuration.mountedDevice == nil {
            mountPoint = try MountPreflight().check(configuration.mountPoint, options: configuration.options)
        } else {
            mountPoint = configuration.mountPoint
            // Looked up in a table: whoever touches the mount point itself waits for this session to serve it.
            guard MountTable.current()[mountPoint]?.isFUSE == true else {
                throw MountError(.refused, "cannot serve \(mountPoint): no FUSE file system is mounted there")
            }
        }
        do throws(Errno) {
            stopSignal = try StopSignal()
        } catch {
            throw MountError(.refused, "cannot mount on \(configuration.mountPoint): \(error)")
        }

        let (created, complaints) = LibfuseLog.collect {
            KernelConnection(
                fileSystem: fileSystem,
                options: configuration.options,
                features: KernelFeatures(maximumBackground: UInt32(clamping: configuration.maximumBackground)),
                counters: configuration.counters,
                logger: configuration.logger
            )
        }
        guard let created else {
            let reason = complaints.isEmpty ? "libfuse does not accept the options" : complaints.joined(separator: " ")
            throw MountError(.invalidOptions, "cannot mount on \(configuration.mountPoint): \(reason)")
        }
        connection = created
        notifications = NotificationQueue(connection: created)

        // libfuse's name for a device that is mounted.
        let target = configuration.mountedDevice.map { "/dev/fd/\($0)" } ?? mountPoint.string
        let (isMounted, reasons) = LibfuseLog.collect { created.mount(on: target) }
        guard isMounted else {
            let reason = reasons.isEmpty ? "the kernel refused" : reasons.joined(separator: " ")
            throw MountError(.refused, "cannot mount on \(configuration.mountPoint): \(reason)")
        }
        device = MountTable.current()[mountPoint]?.device
    }

    deinit {
        unmount()
    }

    /// Serves requests until the mount ends or `stop()` is called; blocks the calling thread, which is one of those that
    /// serve. A second call returns at once.
    public func run() {
        let starts = lifeCycle.withLock { state in
            guard state == .mounted else { return false }
            state = .running
            return true
        }
        guard starts else { return }

        // The first request negotiates the connection; the kernel sends no other before its answer.
        if serve(while: { $0 == 0 }) {
            if let device { ReadAhead.raise(of: device, logger: logger) }
            serveOnAllThreads()
        }

        notifications.end()
        connection.markEnded()
        connection.interruptAll()
        connection.waitForAnswers(atMost: Self.patience)
        let unmounts = lifeCycle.withLock { state in
            defer { state = .ended }
            return state == .runningUntilUnmounted
        }
        if unmounts { unmount() }
    }

    /// Makes `run()` return soon, whether requests come or not. Any thread may call it, any number of times.
    public func stop() {
        stopSignal.send()
    }

    /// Ends the mount: cuts the connection to the kernel and unmounts, lazily if files are open. While `run()` is under
    /// way it stops that first, and the mount is gone when `run()` returns. Any thread may call it, any number of times.
    public func unmount() {
        let before = lifeCycle.withLock { state in
            let before = state
            state = state == .running ? .runningUntilUnmounted : before
            if before == .mounted || before == .ended { state = .unmounted }
            return before
        }
        switch before {
        case .running:
            stop()
        case .mounted, .ended:
            notifications.end()
            let isDead = connection.isDead
            connection.disconnect()
            if !Unmounting.unmount(mountPoint, device: device, isDead: isDead) {
                logger.error("\(mountPoint) could not be unmounted and answers nobody (fusermount3 -uz \(mountPoint))")
            }
        case .runningUntilUnmounted, .unmounted:
            break
        }
    }

    /// Requests that wait for their answer.
    var pendingRequests: Int { connection.pendingRequests }

    /// Whether no file is open; `true` too where passthrough is not used.
    var hasNoOpenFiles: Bool { connection.hasNoOpenFiles }

    /// Whether the kernel and this process can pass files through; known once a first request was answered.
    var passesThrough: Bool { connection.passesThrough }

    // MARK: KernelCache

    /// Forgets what a name in a directory means, soon after the call.
    public func invalidateEntry(_ name: String, in parent: InodeNumber) {
        notifications.add(.entry(name: name, parent: parent.rawValue))
    }

    /// Asks at the next look what a name in a directory means, soon after the call.
    public func expireEntry(_ name: String, in parent: InodeNumber) {
        notifications.add(.expiredEntry(name: name, parent: parent.rawValue))
    }

    /// Forgets the attributes and cached pages of an inode, soon after the call.
    public func invalidateInode(_ inode: InodeNumber) {
        notifications.add(.inode(inode.rawValue))
    }

    /// Forgets the cached pages of an inode, soon after the call, unless it is open then.
    public func dropPages(ofClosed inode: InodeNumber) {
        notifications.add(.pages(inode.rawValue))
    }

    /// Calls `body` once all that was asked for before is done.
    public func whenTold(_ body: @escaping @Sendable () -> Void) {
        notifications.whenSent(body)
    }

    // MARK: Serving

    private func serveOnAllThreads() {
        var helpers: [DedicatedThread] = []
        for number in 1..<max(threads, 1) {
            do {
                helpers.append(try DedicatedThread(name: "fuse-\(number)") { self.serveUntilEnd() })
            } catch {
                logger.warning("Serving with fewer threads than configured: \(error)")
            }
        }
        serveUntilEnd()
        helpers.forEach { $0.join() }
    }

    private func serveUntilEnd() {
        _ = serve(while: { _ in true })
        // Whatever ended this thread ends the others.
        stop()
    }

    /// Serves requests on the calling thread while `goesOn`, given the number of those served, says so. False when the
    /// mount has ended or is to be stopped.
    private func serve(while goesOn: (Int) -> Bool) -> Bool {
        var buffer = fuse_buf()
        defer { free(buffer.mem) }
        do throws(Errno) {
            let waiter = try StopSignal.Waiter(device: connection.device, signal: stopSignal)
            var served = 0
            while goesOn(served) {
                if stopSignal.isSent { return false }
                switch connection.receive(into: &buffer) {
                case 0:
                    return false
                case -EAGAIN:
                    waiter.wait()
                case -EINTR:
                    continue
                case let size where size < 0:
                    throw Errno(rawValue: -size)
                default:
                    connection.process(&buffer)
                    served += 1
                }
            }
            return true
        } catch {
            logger.error("The mount on \(mountPoint) ends: /dev/fuse can't be read: \(error)")
            return false
        }
    }
}
