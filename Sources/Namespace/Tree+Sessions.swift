public import BaseSpaceAPI
internal import Synchronization

/// What is known of an AppSession.
public struct KnownSession: Sendable {
    /// Its state.
    public var status: SessionStatus
    /// The line of text beside it; empty if there is none.
    public var summary: String
    /// When the service said so.
    var learned: ContinuousClock.Instant
}

/// What is known of a sample or an AppResult beyond its files.
struct KnownContainer: Sendable {
    /// The session it belongs to; several AppResults may share one.
    var sessionID: EntityID?
    /// Its own copy of the session's state, for when the service names no session.
    var status: SessionStatus?
    /// When it was made.
    var created: Timestamp?
}

extension Tree {
    /// When a container was made, as far as its listing said so.
    public func created(_ container: FileContainer) -> Timestamp? {
        state.withLock { $0.containers[container]?.created }
    }

    /// The state of an AppResult's session, as last heard; `nil` if the service did not name it.
    public func knownSession(of appResult: AppResult) -> KnownSession? {
        appResult.appSessionID.flatMap { id in state.withLock { $0.sessions[id] } }
    }

    /// The same, while it is fresh enough to be shown to somebody who asks for it.
    public func freshSession(of appResult: AppResult) -> KnownSession? {
        knownSession(of: appResult).flatMap { now() < $0.learned + configuration.statusLifetime ? $0 : nil }
    }

    /// The state of an AppResult's session, asked of the service unless it is fresh; an old one if it can't be reached.
    public func session(of appResult: AppResult) async throws(BaseSpaceError) -> KnownSession {
        if let fresh = freshSession(of: appResult) { return fresh }
        do {
            return learn(try await service.appSession(try await sessionID(of: appResult)), of: appResult)
        } catch {
            guard error.isUnreachable, let old = knownSession(of: appResult) else { throw error }
            return old
        }
    }

    /// Sets the state of an AppResult's session, its summary, or both.
    public func setSession(
        of appResult: AppResult,
        to status: SessionStatus?,
        summary: String?
    ) async throws(BaseSpaceError) -> KnownSession {
        let id = try await sessionID(of: appResult)
        return learn(try await service.setStatus(of: id, to: status, summary: summary), of: appResult)
    }

    /// Whether files may be added to a container, as last heard: its session is not final.
    public func acceptsWork(_ container: FileContainer) -> Bool {
        guard case .appResult = container else { return false }
        return state.withLock { $0.status(of: container) }?.acceptsWork ?? true
    }

    /// The state of an AppResult's session, asked of the service whatever is known.
    public func refreshedSession(of appResult: AppResult) async throws(BaseSpaceError) -> KnownSession {
        learn(try await service.appSession(try await sessionID(of: appResult)), of: appResult)
    }

    /// Whether a container's files belong to the same session as an AppResult's: an AppSession may own several.
    public func isSameSession(_ container: FileContainer, as appResult: AppResult) -> Bool {
        state.withLock { $0.isSameSession(container, as: appResult) }
    }

    /// What the kernel knows of all AppResults of a session: their directories, files and control files.
    public func knownNodes(ofSessionOf appResult: AppResult) -> [Node] {
        state.withLock { state in
            state.slots.values.map(\.node).filter { node in
                if case .control(_, let owner) = node.content {
                    return state.isSameSession(.appResult(owner.id), as: appResult)
                }
                return node.filePlace.map { state.isSameSession($0.container, as: appResult) } ?? false
            }
        }
    }

    private func sessionID(of appResult: AppResult) async throws(BaseSpaceError) -> EntityID {
        if let id = appResult.appSessionID { return id }
        if let id = try await service.appResult(appResult.id).appSessionID { return id }
        throw BaseSpaceError.undecodable("AppResult \(appResult.id) names no AppSession")
    }

    private func learn(_ session: AppSession, of appResult: AppResult) -> KnownSession {
        let known = KnownSession(status: session.status, summary: session.statusSummary ?? "", learned: now())
        state.withLock { state in
            state.sessions[session.id] = known
            state.containers[.appResult(appResult.id), default: KnownContainer()].sessionID = session.id
        }
        return known
    }
}

extension Tree.State {
    func isSameSession(_ container: FileContainer, as appResult: AppResult) -> Bool {
        let own = FileContainer.appResult(appResult.id)
        guard container != own else { return true }
        guard let session = containers[container]?.sessionID else { return false }
        return session == containers[own]?.sessionID
    }

    /// The last known state of the session that a container belongs to.
    func status(of container: FileContainer) -> SessionStatus? {
        let known = containers[container]
        return known?.sessionID.flatMap { sessions[$0]?.status } ?? known?.status
    }

    /// Takes the session's state from what a listing says of an AppResult or a sample.
    mutating func learnStatus(from content: Node.Content, at moment: ContinuousClock.Instant) {
        switch content {
        case .sample(let sample):
            containers[.sample(sample.id)] = KnownContainer(status: sample.status, created: sample.created)
        case .appResult(let appResult):
            containers[.appResult(appResult.id)] = KnownContainer(
                sessionID: appResult.appSessionID,
                status: appResult.status,
                created: appResult.created
            )
            guard let id = appResult.appSessionID, let reported = appResult.status else { return }
            // An answer about the session itself may be newer than the listing.
            if let known = sessions[id], known.learned > moment { return }
            sessions[id] = KnownSession(status: reported, summary: appResult.statusSummary ?? "", learned: moment)
        default:
            return
        }
    }
}
