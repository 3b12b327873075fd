/// What `doctor` tells. The manual lists its keys.
struct DoctorReport: Report {
    var checks: [Finding]

    var text: String {
        checks.map { DoctorLine(style: .plain).text($0) }.joined(separator: "\n")
    }

    /// How many checks failed, in a line; `nil` if none did. Warnings are no failures.
    var problem: String? {
        let failures = checks.filter { $0.verdict == .failure }.count
        guard failures > 0 else { return nil }
        return "\(failures) of \(checks.count) checks failed"
    }
}

/// How text may look where it goes.
enum TextStyle {
    case plain
    case coloured

    /// Colours are for terminals, and for people who don't mind them (no-color.org).
    init(isTerminal: Bool, environment: [String: String]) {
        let isWanted = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        self = isTerminal && isWanted ? .coloured : .plain
    }
}

/// A finding as a line for people.
struct DoctorLine {
    let style: TextStyle

    /// Verdict, name, and what is so, each below those of the other lines.
    func text(_ finding: Finding) -> String {
        let verdict = finding.verdict.rawValue.filled(to: 8)
        return "\(painted(verdict, finding.verdict)) \(finding.check.filled(to: 12)) \(finding.words)"
    }

    private func painted(_ text: String, _ verdict: Finding.Verdict) -> String {
        guard style == .coloured else { return text }
        let colour =
            switch verdict {
            case .ok: 32
            case .warning: 33
            case .failure: 31
            }
        return "\u{1B}[\(colour)m\(text)\u{1B}[0m"
    }
}
