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

extension Tree {
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
        let own = FileContainer.appResult(appResult.id)
        guard container != own else { return true }
        return state.withLock { state in
            state.sessionIDs[container] != nil && state.sessionIDs[container] == state.sessionIDs[own]
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
            state.sessionIDs[.appResult(appResult.id)] = session.id
        }
        return known
    }
}

extension Tree.State {
    /// The last known state of the session that a container belongs to.
    func status(of container: FileContainer) -> SessionStatus? {
        sessionIDs[container].flatMap { sessions[$0]?.status } ?? ownStatus[container]
    }

    /// Takes the session's state from what a listing says of an AppResult or a sample.
    mutating func learnStatus(from content: Node.Content, at moment: ContinuousClock.Instant) {
        switch content {
        case .sample(let sample):
            ownStatus[.sample(sample.id)] = sample.status
        case .appResult(let appResult):
            let container = FileContainer.appResult(appResult.id)
            guard let id = appResult.appSessionID else {
                ownStatus[container] = appResult.status
                return
            }
            sessionIDs[container] = id
            // An answer about the session itself may be newer than the listing.
            if let known = sessions[id], known.learned > moment { return }
            guard let reported = appResult.status else { return }
            sessions[id] = KnownSession(status: reported, summary: appResult.statusSummary ?? "", learned: moment)
        default:
            return
        }
    }
}
