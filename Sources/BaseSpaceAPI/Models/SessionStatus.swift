/// The state of an AppSession. The service may have states that are not named here.
public struct SessionStatus: RawRepresentable, Hashable, Sendable {
    /// The service's word; those that are known in the service's spelling, whatever case they came in.
    public let rawValue: String

    /// Creates a state from the service's word.
    public init(rawValue: String) {
        let known = Self.known.first { $0.lowercased() == rawValue.lowercased() }
        self.rawValue = known ?? rawValue
    }

    private init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    /// Working.
    public static let running = SessionStatus("Running")
    /// Waiting for a person.
    public static let needsAttention = SessionStatus("NeedsAttention")
    /// Running for 72 hours: hidden in the web interface, still workable.
    public static let timedOut = SessionStatus("TimedOut")
    /// Done.
    public static let complete = SessionStatus("Complete")
    /// Given up.
    public static let aborted = SessionStatus("Aborted")
    /// Waiting for the user's consent.
    public static let awaitingAuthorization = SessionStatus("AwaitingAuthorization")
    /// Waiting for a machine.
    public static let pendingExecution = SessionStatus("PendingExecution")
    /// Being given up.
    public static let aborting = SessionStatus("Aborting")

    private static let known = [
        "Running", "NeedsAttention", "TimedOut", "Complete", "Aborted", "AwaitingAuthorization", "PendingExecution",
        "Aborting",
    ]

    /// Whether nothing can change any more: the files of such a session can be trusted to stay as they are.
    public var isFinal: Bool { self == .complete || self == .aborted }

    /// Whether files can be uploaded.
    public var acceptsWork: Bool { self == .running || self == .needsAttention || self == .timedOut }

    /// The state that a user asks for by a word: one that a client may set, in any case, also as `needs-attention`.
    public init?(command: String) {
        let word = command.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
        let settable: [SessionStatus] = [.running, .needsAttention, .timedOut, .complete, .aborted]
        guard let status = settable.first(where: { $0.rawValue.lowercased() == word }) else { return nil }
        self = status
    }
}

extension SessionStatus: CustomStringConvertible {
    /// The service's word.
    public var description: String { rawValue }
}
