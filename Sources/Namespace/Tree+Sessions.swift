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
    /// Whether somebody wants to hear it anew.
    var isOutdated = false
}

/// What is known of a sample or an AppResult beyond its files.
struct KnownContainer: Sendable {
    /// The session it belongs to; several AppResults may share one.
    var sessionID: EntityID?
    /// Its own copy of the session's state, for when the service names no session.
    var status: SessionStatus?
    /// When it was made.
    var created: Timestamp?
    /// Whether no file can come to it any more, for what has no session.
    var isFinal = false
}

extension Tree {
    /// When a container was made, as far as its listing said so.
    public func created(_ container: FileContainer) -> Timestamp? {
        state.withLock { $0.containers[container]?.created }
    }

    /// The state of an entity's session, as last heard; `nil` if the service did not name it.
    public func knownSession(of entity: Entity) -> KnownSession? {
        state.withLock { state in state.sessionID(of: entity).flatMap { state.sessions[$0] } }
    }

    /// The same, while it is fresh enough to be shown to somebody who asks for it.
    public func freshSession(of entity: Entity) -> KnownSession? {
        state.withLock { state in state.sessionID(of: entity).flatMap { freshSession($0, in: state) } }
    }

    private func freshSession(_ id: EntityID, in state: State) -> KnownSession? {
        state.sessions[id].flatMap { session in
            let isFresh = !session.isOutdated && now() < session.learned + configuration.statusLifetime
            return isFresh || state.outage.pause(at: now()) != nil ? session : nil
        }
    }

    /// The state of an entity's session, asked of the service unless it is fresh; an old one if it can't be reached.
    public func session(of entity: Entity) async throws(BaseSpaceError) -> KnownSession {
        if let fresh = freshSession(of: entity) { return fresh }
        let id = try await sessionID(of: entity)
        return try await answer(to: "the state of AppSession \(id)") { state in
            if let fresh = freshSession(id, in: state) { return .known(.success(fresh)) }
            let call = state.sessionCalls[id] ?? Look.Call { await self.fetchSession(id, of: entity) }
            state.sessionCalls[id] = call
            let patience = state.sessions[id].map { _ in state.outage.patience(at: now(), isRefresh: false) }
            return .wait(call, isAnswer: true, patience: patience)
        }
    }

    private func fetchSession(_ id: EntityID, of entity: Entity) async -> Result<KnownSession, BaseSpaceError> {
        let start = now()
        defer { state.withLock { $0.sessionCalls[id] = nil } }
        do throws(BaseSpaceError) {
            return .success(learn(try await service.appSession(id), of: entity, asked: start))
        } catch {
            return state.withLock { state in
                state.noteFailure(error, since: start, at: now())
                guard error.isNoAnswer, let old = state.sessions[id] else { return .failure(error) }
                return .success(old)
            }
        }
    }

    /// Sets the state of an entity's session, its summary, or both.
    public func setSession(
        of entity: Entity,
        to status: SessionStatus?,
        summary: String?
    ) async throws(BaseSpaceError) -> KnownSession {
        let id = try await sessionID(of: entity)
        let session = try await service.setStatus(of: id, to: status, summary: summary)
        return learn(session, of: entity, asked: now())
    }

    /// Whether files may be added to a container, as last heard: its session is not final.
    public func acceptsWork(_ container: FileContainer) -> Bool {
        guard case .appResult = container else { return false }
        return state.withLock { $0.status(of: container) }?.acceptsWork ?? true
    }

    /// The state of the session that a container belongs to, as last heard; `nil` if the service did not name it.
    public func status(of container: FileContainer) -> SessionStatus? {
        state.withLock { $0.status(of: container) }
    }

    /// The state of an entity's session, asked of the service whatever is known.
    public func refreshedSession(of entity: Entity) async throws(BaseSpaceError) -> KnownSession {
        let id = try await sessionID(of: entity)
        let start = now()
        return learn(try await service.appSession(id), of: entity, asked: start)
    }

    /// Whether a container's files belong to the same session as an entity's: an AppSession may own several. The service is
    /// asked where no listing has said so; what it has no more is in nothing.
    public func belongs(_ container: FileContainer, toSessionOf entity: Entity) async throws(BaseSpaceError) -> Bool {
        if container == entity.container { return true }
        guard let key = container.entity else { return false }
        let session = try await sessionID(of: entity)
        do throws(BaseSpaceError) {
            return try await sessionID(of: key) == session
        } catch {
            guard error.isAbsence else { throw error }
            return false
        }
    }

    /// What the kernel knows of all AppResults of a session that are known to be in it: their directories, files and control files.
    public func knownNodes(ofSessionOf entity: Entity) -> [Node] {
        state.withLock { state in
            state.slots.values.map(\.node).filter { node in
                if case .control(_, let owner) = node.content {
                    guard let session = state.sessionID(of: owner) else { return owner.key == entity.key }
                    return session == state.sessionID(of: entity)
                }
                return node.filePlace.map { state.isKnownInSession($0.container, of: entity) } ?? false
            }
        }
    }

    private func sessionID(of entity: Entity) async throws(BaseSpaceError) -> EntityID {
        if let id = state.withLock({ $0.sessionID(of: entity) }) { return id }
        if let id = try await sessionID(of: entity.key) { return id }
        throw BaseSpaceError.undecodable("\(entity.key) names no AppSession")
    }

    /// Takes what the service says of a session, unless it has said something newer since it was asked.
    private func learn(
        _ session: AppSession,
        of entity: Entity,
        asked start: ContinuousClock.Instant
    ) -> KnownSession {
        let heard = KnownSession(status: session.status, summary: session.statusSummary ?? "", learned: now())
        return state.withLock { state in
            state.outage.isOver(at: now())
            if let container = entity.container {
                state.containers[container, default: KnownContainer()].sessionID = session.id
            }
            if let known = state.sessions[session.id], known.learned > start { return known }
            state.sessions[session.id] = heard
            return heard
        }
    }
}

extension Tree.State {
    /// Whether a container is known to belong to the session of an entity.
    func isKnownInSession(_ container: FileContainer, of entity: Entity) -> Bool {
        guard container != entity.container else { return true }
        guard let session = containers[container]?.sessionID else { return false }
        return session == sessionID(of: entity)
    }

    /// The session of an entity, as far as it is known: its own id for an AppSession.
    func sessionID(of entity: Entity) -> EntityID? {
        switch entity {
        case .appSession(let session): session.id
        case .appResult(let appResult) where appResult.appSessionID != nil: appResult.appSessionID
        default: entity.container.flatMap { containers[$0]?.sessionID }
        }
    }

    /// Whether no file can come to a container any more, as last heard.
    func isFinal(_ container: FileContainer) -> Bool {
        status(of: container)?.isFinal == true || containers[container]?.isFinal == true
    }

    /// The last known state of the session that a container belongs to.
    func status(of container: FileContainer) -> SessionStatus? {
        let known = containers[container]
        return known?.sessionID.flatMap { sessions[$0]?.status } ?? known?.status
    }

    /// Takes the session's state from what a listing says of an AppResult or a sample.
    mutating func learnStatus(from entity: Entity, at moment: ContinuousClock.Instant) {
        switch entity {
        case .sample(let sample):
            containers[.sample(sample.id)] = KnownContainer(
                sessionID: sample.appSessionID ?? containers[.sample(sample.id)]?.sessionID,
                status: sample.status,
                created: sample.created
            )
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
        case .appSession(let session):
            if let known = sessions[session.id], known.learned > moment { return }
            sessions[session.id] = KnownSession(
                status: session.status,
                summary: session.statusSummary ?? "",
                learned: moment
            )
        case .run(let run):
            containers[.run(run.id)] = KnownContainer(created: run.created, isFinal: run.isFinal)
        case .dataset(let dataset):
            containers[.dataset(dataset.id)] = KnownContainer(
                sessionID: dataset.appSessionID,
                created: dataset.created
            )
        case .project, .bioSample, .genome:
            return
        }
    }
}
