import BaseSpaceAPI
import BaseSpaceFileSystem
import CLinux
import Dispatch
import FUSEAdapter
import Glibc
import Logging
import Synchronization
import SystemPackage

/// The process that serves a mount, from the first look at the options to its end.
///
/// The main thread prepares, mounts and then serves; it comes back when the mount is gone. One more thread takes the
/// signals, which are blocked everywhere else. What each of them and the uploads bring about is decided by
/// `MountLifecycle`; this class does what it says, never with the lock held.
///
/// A mount ends in two ways, and both finish the uploads first: a signal (uploads, then unmount) and `fusermount3 -u`
/// from outside (the kernel has unmounted already, uploads follow). A second signal leaves at once; what is staged
/// stays on disk.
final class MountProcess: Sendable {
    /// What is to be mounted where, and who waits for it.
    struct Request: Sendable {
        var mountPoint: String
        var profile: String?
        var options: MountOptions
        /// Where to write whether the mount answers; `nil` when nobody waits.
        var readinessDescriptor: CInt?
        /// End with the process that started this one.
        var isTied: Bool
        /// Standard input is `/dev/fuse`, and mounted on the mount point already.
        var isMounted: Bool
    }

    private struct State {
        var lifecycle = MountLifecycle()
        var service: MountService?
        var session: FUSESession?
        var record: MountRecord.Writer?
        var failure: String?
        /// What the uploads left, once they are over.
        var left: RemainingFiles?
    }

    private let request: Request
    private let state = Mutex(State())
    private let mayExit = DispatchSemaphore(value: 0)
    private let logger: Logger

    private static let signals = Signals([SIGINT, SIGTERM, SIGHUP])

    /// Time between two lines about the uploads that are still to be finished.
    private static let progressInterval = Duration.seconds(2)

    /// Runs the mount to its end and returns the exit status. A failure before there is a mount goes to the starter
    /// when there is one, and is thrown otherwise.
    static func run(_ request: Request) throws -> ExitStatus {
        ProcessHardening.apply()
        signals.block()
        if request.isTied {
            _ = CLinux_setParentDeathSignal(SIGTERM)
        }
        do {
            let log = try Log(request)
            log.bootstrap()
            return try MountProcess(request).run(log)
        } catch {
            let failure = error as? CommandFailure ?? CommandFailure("\(error)")
            guard let descriptor = request.readinessDescriptor else { throw failure }
            _ = Readiness.failed(failure).send(to: descriptor)
            return failure.status
        }
    }

    private init(_ request: Request) {
        self.request = request
        logger = Logger(label: "basespacefs")
    }

    private func run(_ log: Log) throws -> ExitStatus {
        Threads.start("signals") { [self] in
            while true {
                let signal = Self.signals.wait().signal
                logger.notice("told to end by \(String(cString: strsignal(signal)))")
                perform(state.withLock { $0.lifecycle.signalArrived() }, signal: signal)
            }
        }
        let device = request.isMounted ? try MountedDevice.take() : nil
        let credentials = try request.options.connection.credentials(profile: request.profile)
        let configuration = try MountConfiguration(
            request.options,
            environment: ProcessEnvironment.all,
            currentDirectory: currentDirectory(),
            user: geteuid(),
            group: getegid()
        )
        let service = try MountService.prepare(configuration, credentials)
        defer { service.shutDown() }

        state.withLock { state in
            state.service = service
            state.lifecycle.began()
        }
        let session = try service.mount(on: FilePath(request.mountPoint), mountedDevice: device)
        let mountPoint = session.mountPoint
        let record = makeRecord(mountPoint)
        let isWanted = state.withLock { state in
            state.session = session
            state.record = record
            return state.lifecycle.isServing
        }
        if isWanted {
            Threads.start("readiness") { [self] in
                announce(mountPoint, service.user, credentials, log)
            }
        } else {
            session.stop()
        }

        session.run()
        perform(state.withLock { $0.lifecycle.mountEnded() })
        mayExit.wait()
        session.unmount()
        return conclude(service.volume.backlog(), record)
    }

    /// Does what the lifecycle says.
    private func perform(_ action: MountLifecycle.Action?, signal: CInt = SIGTERM) {
        switch action {
        case .exitAtOnce: exit(ExitStatus.endedBy(signal: signal).rawValue)
        case .finishUploads: finishUploads()
        case .unmount: state.withLock { $0.session }?.stop()
        case .exit: mayExit.signal()
        case nil: break
        }
    }

    /// Tells the starter that the mount answers, once it does: the first `stat` goes through the kernel and back.
    private func announce(_ mountPoint: FilePath, _ user: User, _ credentials: Credentials, _ log: Log) {
        var status = stat()
        guard stat(mountPoint.string, &status) == 0 else {
            let problem = Errno(rawValue: errno)
            if state.withLock({ $0.lifecycle.isServing }) {
                fail("the mount on \(mountPoint) does not answer: \(problem)")
            } else if let descriptor = request.readinessDescriptor {
                // Told to end meanwhile: no failure of the mount's, but its starter waits for an answer.
                _ = Readiness.failed(CommandFailure("ended before the mount on \(mountPoint) answered")).send(
                    to: descriptor
                )
            }
            return
        }
        logger.info("\(user.name)'s BaseSpace (\(credentials.server)) is mounted on \(mountPoint)")
        guard let descriptor = request.readinessDescriptor else {
            let problem = ServiceManager.notify(
                "READY=1",
                "STATUS=\(user.name)'s BaseSpace on \(mountPoint)",
                patience: ServiceManager.readinessPatience
            )
            if let problem {
                logger.warning("NOTIFY_SOCKET: the service manager was not told that the mount answers: \(problem)")
            }
            return
        }
        if request.isMounted {
            // Until now it had to stay in the group of its starter.
            setsid()
        }
        log.detachFromTerminal()
        if !Readiness.ready.send(to: descriptor) {
            logger.notice("who asked for the mount is gone")
            perform(state.withLock { $0.lifecycle.signalArrived() })
        }
    }

    private func fail(_ message: String) {
        logger.error("\(message)")
        if let descriptor = request.readinessDescriptor {
            _ = Readiness.failed(CommandFailure(message)).send(to: descriptor)
        }
        state.withLock { $0.failure = message }
        perform(state.withLock { $0.lifecycle.signalArrived() })
    }

    /// Leaves the note that `basespacefs unmount` waits by. The mount works without it too.
    private func makeRecord(_ mountPoint: FilePath) -> MountRecord.Writer? {
        guard let entry = BaseSpaceMounts.current()[mountPoint] else { return nil }
        do throws(Errno) {
            return try MountRecord.Writer(device: entry.device)
        } catch {
            logger.warning(
                "no record in \(RuntimeDirectory.records(of: geteuid())): unmount can't wait for uploads (\(error))"
            )
            return nil
        }
    }
}

// MARK: - The end

extension MountProcess {
    /// Finishes the uploads in a task, tells how far they are, and then the lifecycle.
    private func finishUploads() {
        notifyManager("STOPPING=1")
        guard let volume = state.withLock({ $0.service })?.volume else { return }
        Task.detached { [self] in
            let progress = Task { [self] in
                while !Task.isCancelled {
                    report(volume.backlog())
                    try? await Task.sleep(for: Self.progressInterval)
                }
            }
            let left = await volume.finishUploads()
            left.failure.map { logger.error("\($0)") }
            left.note.map { logger.warning("\($0)") }
            state.withLock { $0.left = left }
            progress.cancel()
            // What it writes must not come after what is written in the end.
            await progress.value
            perform(state.withLock { $0.lifecycle.uploadsEnded() })
        }
    }

    private func report(_ backlog: UploadBacklog) {
        guard !backlog.isEmpty else { return }
        logger.notice("finishing uploads: \(backlog) left")
        let record = state.withLock { $0.record }
        record?.write(MountRecord.Content(pid: getpid(), progress: "uploading, \(backlog) left"))
        notifyManager("STATUS=uploading, \(backlog) left")
    }

    /// Tells systemd, if this is the main process of its service: one in the background is not.
    private func notifyManager(_ assignment: String) {
        if request.readinessDescriptor == nil { ServiceManager.notify(assignment) }
    }

    /// Writes how it ended, for the log and for `unmount`, and returns the exit status.
    private func conclude(_ backlog: UploadBacklog, _ record: MountRecord.Writer?) -> ExitStatus {
        let left = state.withLock { $0.left }
        var failure = state.withLock { $0.failure } ?? left?.failure
        // What was closed after the last look is in none of the lines.
        if failure == nil, left == nil ? !backlog.isEmpty : backlog.own > 0 {
            failure = "\(backlog) not uploaded, and kept here (basespacefs uploads list shows them)"
            logger.warning("\(failure ?? "")")
        }
        record?.write(MountRecord.Content(pid: getpid(), failure: failure, note: left?.note))
        record?.remove()
        logger.info("the mount has ended")
        return failure == nil ? .success : .failure
    }
}

/// The absolute path of the directory that relative paths start from.
func currentDirectory() throws(CommandFailure) -> FilePath {
    guard let path = getcwd(nil, 0) else {
        throw CommandFailure("the current directory can't be found: \(Errno(rawValue: errno))")
    }
    defer { free(path) }
    return FilePath(String(cString: path))
}
