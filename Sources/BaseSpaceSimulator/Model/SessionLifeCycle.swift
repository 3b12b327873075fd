/// The life of an AppSession: a pure state machine without a clock of its own.
///
/// | State | accepts files | next |
/// |---|---|---|
/// | Running | yes | Complete, NeedsAttention, Aborted; TimedOut by itself after 72 h |
/// | NeedsAttention | yes | Running, Complete, Aborted |
/// | TimedOut | yes | Running, NeedsAttention, Complete, Aborted |
/// | Complete, Aborted | no | none |
struct SessionLifeCycle: Sendable {
    enum Status: String, CaseIterable {
        case running = "Running"
        case needsAttention = "NeedsAttention"
        case timedOut = "TimedOut"
        case complete = "Complete"
        case aborted = "Aborted"

        /// The status that a client names, in any case.
        init?(command: String) {
            guard let status = Self.allCases.first(where: { $0.rawValue.lowercased() == command.lowercased() }) else {
                return nil
            }
            self = status
        }
    }

    /// A final session was told to change.
    struct IsFinal: Error {}

    /// How long a session may stay Running: 72 hours, as Illumina documents.
    static let timeLimit = Duration.seconds(72 * 3600)

    private(set) var status: Status
    /// When it entered `status`.
    private(set) var since: ServiceDate

    init(status: Status, since: ServiceDate) {
        self.status = status
        self.since = since
    }

    /// Complete and Aborted never change.
    var isFinal: Bool { status == .complete || status == .aborted }

    /// Lets time pass: true if the session timed out.
    mutating func elapse(to now: ServiceDate) -> Bool {
        guard status == .running, now - since >= Self.timeLimit else { return false }
        since = since + Self.timeLimit
        status = .timedOut
        return true
    }

    /// Enters a status that a client asked for. Running again starts the 72 hours again.
    mutating func enter(_ next: Status, at now: ServiceDate) throws(IsFinal) {
        if isFinal { throw IsFinal() }
        status = next
        since = now
    }
}
