import Glibc
import Synchronization
import SystemPackage

/// Asks the person at the terminal for what must not be seen: it is not shown while it is typed.
struct HiddenInput {
    let interruption: Interruption

    /// What no secret is longer than; it is also about what a terminal takes as one line.
    private static let longest = 4095

    /// Asks for a line. It is the terminal that is asked, wherever standard input comes from.
    ///
    /// - Parameter other: A terminal to ask at where the process has none of its own, as under `setsid`.
    /// - Returns: The line without its end, empty if nothing was typed; `nil` where there is no terminal.
    func line(_ prompt: String, orAt other: CInt? = nil) throws(Errno) -> String? {
        let own = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        let terminal = own < 0 ? other.map { fcntl($0, F_DUPFD_CLOEXEC, 0) } ?? own : own
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { return nil }
        // A shell that gets the terminal back in the middle, by Ctrl-Z, would get it without echo.
        let stop = Signals([SIGTSTP])
        stop.block()
        defer {
            // Whoever pressed it has gone on typing since.
            while stop.takePending() != nil {}
            stop.unblock()
        }
        let settings = before
        let restore: @Sendable () -> Void = {
            var settings = settings
            tcsetattr(terminal, TCSAFLUSH, &settings)
            // The line that was ended by Enter, or wasn't.
            _ = write(terminal, "\n", 1)
        }
        return try interruption.restoring(restore) { () throws(Errno) in
            var quiet = settings
            quiet.c_lflag &= ~tcflag_t(ECHO)
            guard tcsetattr(terminal, TCSAFLUSH, &quiet) == 0 else { throw Errno(rawValue: errno) }
            var text = prompt
            text.withUTF8 { _ = write(terminal, $0.baseAddress, $0.count) }
            return try Self.readLine(terminal)
        }
    }

    private static func readLine(_ terminal: CInt) throws(Errno) -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count <= longest {
            let count = read(terminal, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Errno(rawValue: errno) }
            if count == 0 || byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }
}
