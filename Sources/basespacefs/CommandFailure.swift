import Glibc

/// What a command ends with when it can't do its work: one line for the user, and a status for scripts.
struct CommandFailure: Error, CustomStringConvertible {
    /// What failed on what, and what to do; one line without the program's name.
    var message: String
    /// The exit status.
    var status: ExitStatus

    /// A failure with its exit status.
    init(_ message: String, status: ExitStatus = .failure) {
        self.message = message
        self.status = status
    }

    var description: String { message }
}

/// The statuses that `basespacefs` exits with. The manual lists them.
struct ExitStatus: RawRepresentable, Hashable, Sendable {
    /// What `wait` tells the caller, 0…255.
    var rawValue: CInt

    /// All went well.
    static let success = ExitStatus(rawValue: 0)
    /// The work could not be done; the line on standard error says why.
    static let failure = ExitStatus(rawValue: 1)
    /// The command line can't be understood (`EX_USAGE`).
    static let usage = ExitStatus(rawValue: 64)
    /// `exec`: the command exists but can't be run, as in shells.
    static let commandNotExecutable = ExitStatus(rawValue: 126)
    /// `exec`: there is no such command, as in shells.
    static let commandNotFound = ExitStatus(rawValue: 127)

    /// The status shells give to what a signal ended.
    static func endedBy(signal: CInt) -> ExitStatus {
        ExitStatus(rawValue: 128 + signal)
    }
}

/// Lines for the person at the terminal.
enum StandardError {
    /// Writes one line, in one piece.
    static func print(_ line: String) {
        var text = line + "\n"
        text.withUTF8 { bytes in
            // Nothing can be said when standard error itself fails.
            _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
