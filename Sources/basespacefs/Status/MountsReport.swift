/// What `basespacefs status` tells of all mounts of a user.
struct MountsReport: Report {
    /// A mount, and one of the two.
    struct Mount: Encodable {
        var mountPoint: String
        var status: StatusReport?
        /// Why it tells nothing.
        var problem: String?
    }

    var mounts: [Mount]

    /// One line for each.
    var text: String { lines.joined(separator: "\n") }

    var lines: [String] {
        guard !mounts.isEmpty else { return ["Nothing is mounted."] }
        let width = mounts.map(\.mountPoint.count).max() ?? 0
        return mounts.map { "\($0.mountPoint.filled(to: width))  \($0.words)".printable }
    }

    /// How many of the mounts tell nothing, in a line; `nil` when all do.
    var problem: String? {
        let silent = mounts.filter { $0.problem != nil }.count
        guard silent > 0 else { return nil }
        return "\(silent) of \(mounts.count) mount\(mounts.count == 1 ? "" : "s") can't be asked"
    }
}

extension MountsReport.Mount {
    fileprivate var words: String {
        guard let status else { return problem ?? "" }
        let warnings = status.warnings.count
        return "\(status.account.name) (user \(status.account.id)) on \(status.server), "
            + "for \(StatusReport.span(status.uptime)), \(status.backlog)"
            + (warnings > 0 ? ", \(warnings) warning\(warnings == 1 ? "" : "s")" : "")
    }
}
