/// What a check of `doctor` found.
struct Finding: Encodable, Equatable, Sendable {
    /// How bad it is.
    enum Verdict: String, Encodable, Sendable {
        /// As it should be.
        case ok
        /// It works, or may; somebody should look.
        case warning
        /// A mount fails, or can't do its work.
        case failure
    }

    /// The check's name.
    var check: String
    var verdict: Verdict
    /// What is so, in words.
    var finding: String
    /// What to do about it; missing where there is nothing to do.
    var advice: String?

    /// The line for people, without the verdict and the check's name.
    var words: String {
        ([finding] + [advice].compactMap(\.self)).joined(separator: ": ").printable
    }
}

/// Something that `doctor` looks at.
protocol Check {
    /// One word, which scripts know it by; it stays.
    static var name: String { get }
    /// Looks. Blocks the thread.
    func run() -> Finding
}

extension Check {
    /// As it should be.
    func ok(_ finding: String) -> Finding {
        Finding(check: Self.name, verdict: .ok, finding: finding)
    }

    /// Somebody should look.
    func warning(_ finding: String, _ advice: String?) -> Finding {
        Finding(check: Self.name, verdict: .warning, finding: finding, advice: advice)
    }

    /// It does not work so.
    func failure(_ finding: String, _ advice: String?) -> Finding {
        Finding(check: Self.name, verdict: .failure, finding: finding, advice: advice)
    }
}
