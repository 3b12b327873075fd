import CLinux
import Foundation
import Glibc
import Synchronization
import SystemPackage

/// A process on a terminal of its own, whose keyboard and screen are a test's.
///
/// It leads its session, so what is typed for the terminal's driver (Ctrl-C) reaches it as signals. What it writes is read
/// by a thread until `end`, or until the last reference goes.
public final class PseudoTerminal: Sendable {
    /// The process.
    public let pid: Int32
    private let keyboard: Int32
    /// Held open, so that the terminal, and how it is set, outlives the process.
    private let line: Int32
    private let screen: Screen
    private let waiting: Task<Int32, Never>

    /// `TIOCSPTLCK` and `TIOCGPTN` of <asm/ioctls.h>, which Swift does not import.
    private static let (setLock, getNumber) = (UInt(0x4004_5431), UInt(0x8004_5430))

    private final class Screen: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    /// Written to the terminal behind all that the process has written. Programs write none.
    private static let end: UInt8 = 0

    /// Starts a command, found in `PATH`, on a terminal of this size.
    public init(
        _ command: [String],
        environment: [String: String] = [:],
        rows: UInt16 = 40,
        columns: UInt16 = 120
    ) throws {
        let keyboard = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // What `unlockpt` and `ptsname` do.
        var (isLocked, number) = (Int32(0), Int32(-1))
        guard keyboard >= 0, ioctl(keyboard, Self.setLock, &isLocked) == 0,
            ioctl(keyboard, Self.getNumber, &number) == 0
        else { throw Errno(rawValue: errno) }
        let path = "/dev/pts/\(number)"
        let line = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard line >= 0 else { throw Errno(rawValue: errno) }
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(line, UInt(TIOCSWINSZ), &size)
        let variables = ProgramEnvironment.variables(environment)
        let pid = try Self.spawn(command, environment: variables, on: path)
        let screen = Screen()
        Thread.detachNewThread {
            var piece = [UInt8](repeating: 0, count: 4096)
            // Until the other end is closed, which `deinit` does.
            while case let count = read(keyboard, &piece, piece.count), count > 0 || errno == EINTR {
                screen.bytes.withLock { $0 += piece.prefix(max(0, count)) }
            }
            close(keyboard)
        }
        let (ended, end) = AsyncStream.makeStream(of: Int32.self)
        Thread.detachNewThread {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            let signal = status & 0x7f
            end.yield(signal == 0 ? (status >> 8) & 0xff : 128 + signal)
            end.finish()
        }
        (self.pid, self.keyboard, self.line, self.screen) = (pid, keyboard, line, screen)
        waiting = Task { await ended.first { _ in true } ?? -1 }
    }

    deinit {
        close(line)
    }

    /// All that was written to the screen until now, with what steers it.
    public var output: String {
        screen.bytes.withLock { String(decoding: $0.filter { $0 != Self.end }, as: UTF8.self) }
    }

    /// Whether the terminal shows what is typed.
    public var echoes: Bool {
        var settings = termios()
        return tcgetattr(line, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
    }

    /// Types a text; `\u{3}` is Ctrl-C.
    public func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(keyboard, bytes, bytes.count)
    }

    /// Changes the size of the window.
    public func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(line, UInt(TIOCSWINSZ), &size)
    }

    /// Sends a signal.
    public func send(_ signal: Int32) {
        kill(pid, signal)
    }

    /// Waits for the end: the exit status, or 128 + the number of the signal. All that it wrote is in `output` then.
    public func status() async -> Int32 {
        let status = await waiting.value
        guard write(line, [Self.end], 1) == 1 else { return status }
        try? await eventually("all is read") { [screen] in screen.bytes.withLock { $0.contains(Self.end) } }
        return status
    }

    private static func spawn(_ command: [String], environment: [String: String], on terminal: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that the leader of a session opens is the session's.
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, terminal, O_RDWR, 0)
        }
        _ = CLinux_addCloseFrom(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | CLinux_spawnInNewSession()
        posix_spawnattr_setflags(&attributes, flags)

        let arguments = command.map { strdup($0) }
        let variables = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { (arguments + variables).forEach { free($0) } }
        var pid = pid_t()
        let status = posix_spawnp(&pid, command[0], &actions, &attributes, arguments + [nil], variables + [nil])
        guard status == 0 else {
            throw ShellFailure(description: "can't start \(command[0]): \(Errno(rawValue: status))")
        }
        return pid
    }
}
