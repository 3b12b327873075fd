import Glibc

/// What a daemon tells the process that started it, once: one line through a pipe.
enum Readiness: Equatable {
    /// The mount answers.
    case ready
    /// There is no mount, and why.
    case failed(CommandFailure)

    static func == (left: Readiness, right: Readiness) -> Bool {
        left.line == right.line
    }

    /// The line: `ready`, or `failed STATUS MESSAGE`.
    var line: String {
        switch self {
        case .ready: "ready"
        case .failed(let failure): "failed \(failure.status.rawValue) \(failure.message.replacing("\n", with: " "))"
        }
    }

    /// Reads the line.
    init?(line: String) {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        if parts == ["ready"] {
            self = .ready
        } else if parts.count == 3, parts[0] == "failed", let status = CInt(parts[1]) {
            self = .failed(CommandFailure(String(parts[2]), status: ExitStatus(rawValue: status)))
        } else {
            return nil
        }
    }

    /// Tells the starter and closes the descriptor. `false` when the starter is gone, so that nobody will use the
    /// mount nor know of it.
    func send(to descriptor: CInt) -> Bool {
        var text = line + "\n"
        let count = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        return count == text.utf8.count
    }
}
