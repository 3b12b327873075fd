internal import BaseSpaceAPI
internal import Namespace

/// Tells which AppResults' sessions run out of time: BaseSpace sets one that was Running for 72 hours to TimedOut. It can
/// still be worked on then, but whoever waits for its end should know. Each is told of once.
struct SessionAges: Sendable {
    /// How long a session may be Running, in seconds.
    static let limit: Int64 = 72 * 3600
    /// How long before its end it is told of: a working day, in seconds.
    static let notice: Int64 = 8 * 3600

    private var told: Set<FileContainer> = []
    /// The containers that files were sent to, or wait for.
    private(set) var used: Set<FileContainer> = []

    /// What to tell of a container that files are written to; `nil` while there is time, or if it was told.
    mutating func warning(for container: FileContainer, created: Timestamp?, now: Timestamp) -> String? {
        used.insert(container)
        guard let words = Self.words(for: container, created: created, now: now), told.insert(container).inserted
        else { return nil }
        return words
    }

    /// What is to be said of a container, told or not; `nil` while there is time, and if its age is not known.
    static func words(for container: FileContainer, created: Timestamp?, now: Timestamp) -> String? {
        guard let created else { return nil }
        let age = now.seconds - created.seconds
        guard age > limit - notice else { return nil }
        let hours = age / 3600
        return age < limit
            ? "\(container) is Running for \(hours) hours: after 72 hours BaseSpace sets its session to TimedOut"
            : "\(container) was made \(hours) hours ago: by now BaseSpace has set its session to TimedOut; it can still be worked on"
    }
}
