public import BaseSpaceAPI
internal import Namespace
internal import Synchronization

/// An AppResult that was written to in this mount and whose session has not ended.
public struct SessionAtWork: Sendable, Equatable {
    /// The AppResult.
    public var container: FileContainer
    /// The state of its session, as last heard; `nil` if the service did not name it.
    public var status: SessionStatus?
    /// When it was made, and its session with it; `nil` if it was not listed yet.
    public var created: Timestamp?
    /// What is to be said of its age, in a line; `nil` while there is time.
    public var warning: String?
}

extension Volume {
    /// For how long the service has been away, as far as the calls for what the tree shows tell; `nil` while it answers.
    public var outage: Duration? { tree.outage }

    /// The AppResults whose sessions still take work and which files were sent to by this mount, or wait for, the oldest
    /// first. Answered from memory.
    ///
    /// - Parameter now: The time that ages are measured by.
    public func sessionsAtWork(now: Timestamp) -> [SessionAtWork] {
        let waiting = staged.all.filter { $0.isUnsent && !$0.isOver }.map(\.place.container)
        let sessions = sessionAges.withLock { $0.used }.union(waiting).filter(tree.acceptsWork).map { container in
            let created = tree.created(container)
            return SessionAtWork(
                container: container,
                status: tree.status(of: container),
                created: created,
                warning: SessionAges.words(for: container, created: created, now: now)
            )
        }
        return sessions.sorted { one, other in
            let (left, right) = (one.created?.seconds ?? .max, other.created?.seconds ?? .max)
            return (left, one.container.description) < (right, other.container.description)
        }
    }
}
