import BaseSpaceAPI
import HTTPTransport
import Namespace
import Synchronization

/// A service in memory: it counts what it is asked, can be made to fail, and holds its answers back while a gate is shut.
final class FakeService: MetadataService {
    struct State {
        var projects: [Project] = [Project(id: "7", name: "P")]
        var samples: [Sample] = []
        var appResults: [AppResult] = []
        var files: [RemoteFile] = []
        var sessions: [EntityID: AppSession] = [:]
        var failure: BaseSpaceError?
        var calls: [String] = []
        var gate: [CheckedContinuation<Void, Never>]?
    }

    let state = Mutex(State())

    var calls: [String] { state.withLock { $0.calls } }

    func set(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
    }

    /// Holds every answer back until `openGate`.
    func shutGate() {
        state.withLock { $0.gate = [] }
    }

    func openGate() {
        let waiting = state.withLock { state in
            defer { state.gate = nil }
            return state.gate ?? []
        }
        for continuation in waiting {
            continuation.resume()
        }
    }

    static let unreachable = BaseSpaceError(
        kind: .transport(.cannotConnect),
        message: "connection refused",
        endpoint: "GET something"
    )

    private func answer<Value>(_ call: String, _ value: (inout State) -> Value) async throws(BaseSpaceError) -> Value {
        state.withLock { $0.calls.append(call) }
        await withCheckedContinuation { continuation in
            let passes = state.withLock { state in
                state.gate?.append(continuation)
                return state.gate == nil
            }
            if passes {
                continuation.resume()
            }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return state.withLock { value(&$0) }
    }

    func projects() async throws(BaseSpaceError) -> [Project] {
        try await answer("projects") { $0.projects }
    }

    func createProject(named name: String) async throws(BaseSpaceError) -> (project: Project, created: Bool) {
        try await answer("create project") { state in
            if let known = state.projects.first(where: { $0.name == name }) { return (known, false) }
            let project = Project(id: EntityID(String(100 + state.projects.count)), name: name)
            state.projects.append(project)
            return (project, true)
        }
    }

    func samples(of projectID: EntityID) async throws(BaseSpaceError) -> [Sample] {
        try await answer("samples") { $0.samples }
    }

    func appResults(of projectID: EntityID) async throws(BaseSpaceError) -> [AppResult] {
        try await answer("appresults") { $0.appResults }
    }

    func appResult(_ id: EntityID) async throws(BaseSpaceError) -> AppResult {
        try await answer("appresult") { state in
            state.appResults.first { $0.id == id } ?? AppResult(id: id, name: "?")
        }
    }

    func createAppResult(named name: String, in projectID: EntityID) async throws(BaseSpaceError) -> AppResult {
        try await answer("create appresult") { state in
            let id = EntityID(String(500 + state.appResults.count))
            let result = AppResult(id: id, name: name, status: .running, appSessionID: EntityID("s\(id)"))
            state.appResults.append(result)
            return result
        }
    }

    func files(of container: FileContainer) async throws(BaseSpaceError) -> [RemoteFile] {
        try await answer("files") { $0.files }
    }

    func appSession(_ id: EntityID) async throws(BaseSpaceError) -> AppSession {
        try await answer("session") { $0.sessions[id] ?? AppSession(id: id, name: "S", status: .running) }
    }

    func setStatus(
        of sessionID: EntityID,
        to status: SessionStatus?,
        summary: String?
    ) async throws(BaseSpaceError) -> AppSession {
        try await answer("set status") { state in
            var session = state.sessions[sessionID] ?? AppSession(id: sessionID, name: "S", status: .running)
            session.status = status ?? session.status
            session.statusSummary = summary ?? session.statusSummary
            state.sessions[sessionID] = session
            return session
        }
    }
}

/// A clock that stands until it is moved.
final class ManualClock: Sendable {
    private let moment = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { moment.withLock { $0 } }

    func advance(by duration: Duration) {
        moment.withLock { $0 += duration }
    }
}
