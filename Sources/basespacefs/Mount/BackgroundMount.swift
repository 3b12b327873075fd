import Glibc
import SystemPackage

/// A mount served by a process of its own, `basespacefs mount --foreground`, seen from the process that started it.
///
/// The daemon is this program started afresh: forking a process that has threads, and the Swift runtime may have
/// some, is not safe. It leads a session of its own, so the terminal's signals and end don't reach it. What it has to
/// say, that the mount answers or why it can't, it writes as one line into a pipe (`Readiness`). The token
/// reaches it as it reached this process: through the environment or a file, never as an argument.
struct BackgroundMount {
    /// The daemon.
    let daemon: ChildProcess

    /// How long to look elsewhere between two looks at the pipe, in milliseconds: the delay of Ctrl-C while a mount
    /// starts. The line itself is seen at once.
    private static let pollInterval: CInt = 100

    /// Starts a daemon with the arguments of `mount` and returns when the mount answers.
    ///
    /// A signal that asks this process to end meanwhile ends the daemon.
    ///
    /// - Parameter isMounted: standard input is the device of a mount that is there already. The daemon gets it, and stays
    ///   in this process's group until the mount answers: below the mount point may be autofs, which lets nobody but the
    ///   group of the service manager through as long as it waits for the mount.
    static func start(
        arguments: [String],
        environment: [String: String] = ProcessEnvironment.all,
        isTied: Bool,
        isMounted: Bool = false,
        supervisor: Supervisor
    ) throws(CommandFailure) -> BackgroundMount {
        let result: Result<BackgroundMount, CommandFailure>
        do throws(Errno) {
            var pipe = try Pipe()
            let daemon = try ChildProcess.start(
                ChildProcess.Launch(
                    program: program,
                    arguments: ["mount", "--foreground", "--readiness-descriptor", "\(ChildProcess.extraDescriptor)"]
                        + (isTied ? ["--exit-with-parent"] : []) + arguments,
                    environment: environment,
                    hasEmptyInput: !isMounted,
                    extraDescriptor: pipe.writeEnd,
                    leadsSession: !isMounted
                )
            )
            pipe.closeWriteEnd()
            result = wait(for: daemon, pipe, supervisor)
        } catch {
            throw CommandFailure("can't start the mount's process: \(error)")
        }
        return try result.get()
    }

    /// This program. The link still works when the file has been replaced by an upgrade, the name looks better in ps.
    private static var program: String {
        let own = Executables.own
        return access(own.string, X_OK) == 0 ? own.string : "/proc/self/exe"
    }

    private static func wait(
        for daemon: ChildProcess,
        _ pipe: borrowing Pipe,
        _ supervisor: Supervisor
    ) -> Result<BackgroundMount, CommandFailure> {
        var descriptor = pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0)
        while poll(&descriptor, 1, pollInterval) <= 0 {
            if let signal = supervisor.pendingSignal() {
                daemon.send(SIGTERM)
                _ = daemon.wait()
                return .failure(CommandFailure("interrupted", status: .endedBy(signal: signal)))
            }
        }
        switch pipe.readLine().flatMap(Readiness.init(line:)) {
        case .ready:
            return .success(BackgroundMount(daemon: daemon))
        case .failed(let failure):
            _ = daemon.wait()
            return .failure(failure)
        case nil:
            return .failure(CommandFailure("the mount's process ended before the mount answered: \(daemon.wait())"))
        }
    }

    /// Has the daemon finish its uploads and unmount, and waits for that. A signal meanwhile makes it leave at once.
    ///
    /// - Parameter look: called several times a second while it waits.
    func finish(supervisor: Supervisor, looking look: () -> Void = {}) -> ChildProcess.Termination {
        daemon.send(SIGTERM)
        while true {
            switch supervisor.wait(for: daemon, looking: look) {
            case .ended(let termination): return termination
            case .signal: daemon.send(SIGTERM)
            }
        }
    }
}
