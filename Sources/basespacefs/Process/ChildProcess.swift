import CLinux
import Glibc
import SystemPackage

/// A process started by this one, with `posix_spawn`: never with `fork`, after which a process that has threads may
/// only call what is safe in signal handlers.
struct ChildProcess: Sendable {
    /// Its number; also that of its session when it leads one.
    let pid: pid_t

    /// How to start a program.
    struct Launch {
        /// The program: a path, or a name to be found in `PATH`.
        var program: String
        /// What it finds as `argv`, from `argv[1]` on.
        var arguments: [String]
        /// Its environment.
        var environment: [String: String] = ProcessEnvironment.all
        /// Where it starts; `nil`: where this process is.
        var directory: FilePath?
        /// Standard input is empty.
        var hasEmptyInput = false
        /// A descriptor that becomes its standard output.
        var output: CInt?
        /// A descriptor that becomes its standard error.
        var errors: CInt?
        /// What it writes to standard error is dropped.
        var dropsErrors = false
        /// A descriptor that becomes its descriptor 3; all above are closed.
        var extraDescriptor: CInt?
        /// It leads a session of its own, so that the terminal's signals don't reach it.
        var leadsSession = false
    }

    /// How a process ended.
    enum Termination: Hashable, Sendable, CustomStringConvertible {
        case exited(CInt)
        case signalled(CInt)

        /// The status that a shell would report.
        var status: ExitStatus {
            switch self {
            case .exited(let code): ExitStatus(rawValue: code)
            case .signalled(let signal): .endedBy(signal: signal)
            }
        }

        var description: String {
            switch self {
            case .exited(let code): "exit status \(code)"
            case .signalled(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
            }
        }
    }

    /// Descriptor 3 of a child that has an `extraDescriptor`.
    static let extraDescriptor: CInt = 3

    /// Starts a program. No signal is blocked for it; those that are ignored here (`nohup`) stay ignored there, except
    /// SIGPIPE, without which `zcat | head` fails.
    static func start(_ launch: Launch) throws(Errno) -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if launch.hasEmptyInput {
            try check(posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0))
        }
        if let output = launch.output {
            try check(posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO))
        }
        if let errors = launch.errors {
            try check(posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO))
        }
        if launch.dropsErrors {
            try check(posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0))
        }
        if let extra = launch.extraDescriptor {
            try check(posix_spawn_file_actions_adddup2(&actions, extra, extraDescriptor))
            try check(CLinux_addCloseFrom(&actions, extraDescriptor + 1))
        }
        if let directory = launch.directory {
            try check(CLinux_addChangeDirectory(&actions, directory.string))
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        try check(posix_spawnattr_setsigmask(&attributes, &signals))
        sigaddset(&signals, SIGPIPE)
        try check(posix_spawnattr_setsigdefault(&attributes, &signals))
        var flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        if launch.leadsSession {
            flags |= CLinux_spawnInNewSession()
        }
        try check(posix_spawnattr_setflags(&attributes, flags))

        let arguments = CStrings([launch.program] + launch.arguments)
        let environment = CStrings(launch.environment.map { "\($0)=\($1)" })
        var pid: pid_t = 0
        try check(
            posix_spawnp(&pid, launch.program, &actions, &attributes, arguments.pointers, environment.pointers)
        )
        return ChildProcess(pid: pid)
    }

    private static func check(_ result: CInt) throws(Errno) {
        guard result == 0 else { throw Errno(rawValue: result) }
    }

    /// Sends it a signal. One that has ended is left alone by the kernel until it has been waited for.
    func send(_ signal: CInt) {
        kill(pid, signal)
    }

    /// Waits for its end.
    func wait() -> Termination {
        while true {
            if let termination = reap(options: 0) { return termination }
        }
    }

    /// How it ended; `nil` while it runs.
    func poll() -> Termination? {
        reap(options: WNOHANG)
    }

    private func reap(options: CInt) -> Termination? {
        var status: CInt = 0
        let result = waitpid(pid, &status, options)
        if result == -1, errno == ECHILD {
            return .exited(0)
        }
        guard result == pid else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}

/// An array of C strings that ends with a null pointer, as `argv` does.
private final class CStrings {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) {
        pointers = strings.map { strdup($0) } + [nil]
    }

    deinit {
        for pointer in pointers {
            free(pointer)
        }
    }
}
