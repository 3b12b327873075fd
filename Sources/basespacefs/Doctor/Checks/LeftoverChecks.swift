import Uploads

/// Whether files wait for their upload that nobody sees to.
struct UploadsCheck: Check {
    static let name = "uploads"
    private let surroundings: DoctorSurroundings

    init(_ surroundings: DoctorSurroundings) {
        self.surroundings = surroundings
    }

    func run() -> Finding {
        do {
            let state = try BaseDirectories(environment: surroundings.environment).state
            return finding(for: try JournalControl(directory: state).entries())
        } catch {
            return failure("what waits for its upload can't be told", "\(error)")
        }
    }

    private func finding(for entries: [JournalEntry]) -> Finding {
        let open = entries.filter { $0.status != .uploaded && $0.status != .discarded }
        let left = open.filter { !$0.isMounted || $0.status == .failed || $0.status == .spoiled }
        guard !left.isEmpty else {
            guard !open.isEmpty else { return ok("nothing waits") }
            return ok("\(files(open.count)) on the way with a mount")
        }
        let bytes = left.reduce(0) { $0 + $1.size - min($1.sent, $1.size) }
        let failed = left.filter { $0.status == .failed || $0.status == .spoiled }.count
        let details = failed > 0 ? ", \(failed) of them failed or damaged" : ""
        return warning(
            "\(files(left.count)), \(ByteSize(bytes: bytes).approximate), not uploaded and with no mount that goes on"
                + details,
            "mount their account; `basespacefs uploads list` shows them"
        )
    }

    private func files(_ count: Int) -> String { "\(count) file\(count == 1 ? "" : "s")" }
}

/// Whether the mounts of this user answer.
struct MountsCheck: Check {
    static let name = "mounts"
    private let surroundings: DoctorSurroundings

    init(_ surroundings: DoctorSurroundings) {
        self.surroundings = surroundings
    }

    /// As `status` waits.
    private static let patience = Duration.seconds(5)

    func run() -> Finding {
        let mounts = surroundings.mounts
        guard !mounts.isEmpty else { return ok("nothing is mounted") }
        let problems = zip(mounts, StatusReader(patience: Self.patience).ask(mounts)).compactMap { mount, answer in
            if case .problem(let words) = answer { "\(mount.mountPoint): \(words)" } else { nil as String? }
        }
        let answering = mounts.count - problems.count
        guard !problems.isEmpty else { return ok("\(answering) \(answering == 1 ? "answers" : "answer")") }
        let problem = problems.joined(separator: "; ")
        return warning(mounts.count == 1 ? problem : "\(answering) of \(mounts.count) answer; \(problem)", nil)
    }
}
