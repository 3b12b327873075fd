/// The life of an AppSession: a pure state machine without a clock of its own.
///
/// | State | accepts files | next |
/// |---|---|---|
/// | Running | yes | Complete, NeedsAttention, Aborted; TimedOut by itself after 72 h |
/// | NeedsAttention | yes | Running, Complete, Aborted |
/// | TimedOut | yes | Running, NeedsAttention, Complete, Aborted |
/// | PendingExecution | no | Running, Aborted, by the simulator's control only |
/// | Complete, Aborted | no | none |
///
/// A session that was launched completes by itself when its application has run long enough.
struct SessionLifeCycle: Sendable {
    enum Status: String, CaseIterable {
        case running = "Running"
        case needsAttention = "NeedsAttention"
        case timedOut = "TimedOut"
        case complete = "Complete"
        case aborted = "Aborted"
        case pendingExecution = "PendingExecution"

        /// The status that a client names, in any case.
        init?(command: String) {
            guard let status = Self(anyCase: command), status != .pendingExecution else { return nil }
            self = status
        }

        /// Any status, also those that no client can set.
        init?(anyCase name: String) {
            guard let status = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
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
    /// How long an application that was launched runs; nil for sessions that a client ends.
    private(set) var runTime: Duration?

    init(status: Status, since: ServiceDate, runTime: Duration? = nil) {
        self.status = status
        self.since = since
        self.runTime = runTime
    }

    /// Complete and Aborted never change.
    var isFinal: Bool { status == .complete || status == .aborted }

    /// Whether files may be added.
    var acceptsFiles: Bool { !isFinal && status != .pendingExecution }

    /// Whether it leaves its status by itself until some moment.
    func changes(by now: ServiceDate) -> Bool {
        status == .running && now - since >= min(runTime ?? Self.timeLimit, Self.timeLimit)
    }

    /// Lets time pass: true if the session timed out or its application has ended.
    mutating func elapse(to now: ServiceDate) -> Bool {
        guard changes(by: now) else { return false }
        if let runTime, runTime < Self.timeLimit {
            since = since + runTime
            status = .complete
        } else {
            since = since + Self.timeLimit
            status = .timedOut
        }
        return true
    }

    /// Enters a status that a client asked for. Running again starts the 72 hours again.
    mutating func enter(_ next: Status, at now: ServiceDate) throws(IsFinal) {
        if isFinal { throw IsFinal() }
        status = next
        since = now
    }

    /// Enters any status from any other, as only the simulator's control can.
    mutating func force(_ next: Status, at now: ServiceDate) {
        status = next
        since = now
    }
}
