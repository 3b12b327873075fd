import Glibc

/// The terminal while a command draws on all of it, as `top` does: what was there before comes back in the end.
final class Screen {
    private var before: termios?

    /// Takes the terminal over: another screen, without a cursor, and without what is typed.
    func enter() {
        var settings = termios()
        if tcgetattr(STDIN_FILENO, &settings) == 0 {
            before = settings
            settings.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
        }
        write("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Gives it back. What was typed meanwhile is not for the shell.
    func leave() {
        write("\u{1B}[?25h\u{1B}[?1049l")
        guard var before else { return }
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
        self.before = nil
    }

    /// Shows these lines, as much of them as there is room for.
    func draw(_ lines: [String]) {
        let (rows, columns) = Terminal.size(of: STDOUT_FILENO) ?? (24, 80)
        let shown = lines.prefix(rows).map { "\($0.prefix(columns))\u{1B}[K" }
        write("\u{1B}[H" + shown.joined(separator: "\r\n") + "\u{1B}[J")
    }

    private func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A terminal that is gone sends SIGHUP.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

extension String {
    /// The line without what would steer a terminal: names come from others.
    var printable: String {
        String(UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
