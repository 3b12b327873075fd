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
        var others: [EntityCollection: [Entity]] = [:]
        var properties: [EntityKey: [Property]] = [:]
        var containers: [EntityID: FileContainer] = [:]
        var texts: [DocumentFile: [UInt8]] = [:]
        var sessions: [EntityID: AppSession] = [:]
        var failure: BaseSpaceError?
        /// Whether changes of properties are made and their answers lost.
        var losesAnswers = false
        var failures = 0
        /// Whether answers tell what was so at the call, and not what is so at the answer.
        var answersAsOfCall = false
        var calls: [String] = []
        /// How many files were expected by those who asked for them.
        var expectations: [Int] = []
        var answers: UInt64 = 0
        /// How many are given between two looks at their number.
        var answersPerLook: UInt64 = 0
        var gate: [CheckedContinuation<Void, Never>]?
    }

    let state = Mutex(State())

    /// How many calls have failed.
    var failures: Int { state.withLock { $0.failures } }
    var calls: [String] { state.withLock { $0.calls } }
    var expectations: [Int] { state.withLock { $0.expectations } }

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

    var answers: UInt64 {
        state.withLock { state in
            state.answers += state.answersPerLook
            return state.answers
        }
    }

    static let unreachable = BaseSpaceError(
        kind: .transport(.cannotConnect),
        message: "connection refused",
        endpoint: "GET something"
    )

    private func answer<Value>(_ call: String, _ value: (inout State) -> Value) async throws(BaseSpaceError) -> Value {
        let early = state.withLock { state in
            state.calls.append(call)
            return state.answersAsOfCall ? value(&state) : nil
        }
        await withCheckedContinuation { continuation in
            let passes = state.withLock { state in
                state.gate?.append(continuation)
                return state.gate == nil
            }
            if passes {
                continuation.resume()
            }
        }
        let failure = state.withLock { state in
            state.failures += state.failure == nil ? 0 : 1
            return state.failure
        }
        if let failure { throw failure }
        if let early { return early }
        return state.withLock { value(&$0) }
    }

    func entities(in collection: EntityCollection) async throws(BaseSpaceError) -> [Entity] {
        switch collection {
        case .projects: try await answer("projects") { $0.projects.map { .project($0) } }
        case .samples: try await answer("samples") { $0.samples.map { .sample($0) } }
        case .appResults: try await answer("appresults") { $0.appResults.map { .appResult($0) } }
        default: try await answer(collection.href) { $0.others[collection] ?? [] }
        }
    }

    func entity(_ key: EntityKey) async throws(BaseSpaceError) -> Entity {
        let known: Entity? = try await answer("\(key)") { state in
            let others = state.others.values.flatMap { $0 }
            let all =
                state.projects.map { Entity.project($0) } + state.samples.map { .sample($0) }
                + state.appResults.map { .appResult($0) } + others
            return all.first { $0.key == key }
        }
        guard let known else {
            throw BaseSpaceError(kind: .service(status: 404), message: "not found", endpoint: key.href)
        }
        return known
    }

    func properties(of owner: EntityKey) async throws(BaseSpaceError) -> [Property] {
        try await answer("properties of \(owner)") { $0.properties[owner] ?? [] }
    }

    func setProperty(named name: String, of owner: EntityKey, to value: PropertyValue) async throws(BaseSpaceError) {
        try await answer("set property \(name)") { state in
            state.properties[owner, default: []].removeAll { $0.name == name }
            state.properties[owner, default: []].append(Property(name: name, value: value))
        }
        if state.withLock({ $0.losesAnswers }) { throw Self.unreachable }
    }

    func deleteProperty(named name: String, of owner: EntityKey) async throws(BaseSpaceError) {
        try await answer("delete property \(name)") { state in
            state.properties[owner]?.removeAll { $0.name == name }
        }
    }

    func container(ofFile id: EntityID) async throws(BaseSpaceError) -> FileContainer? {
        try await answer("container of file \(id)") { $0.containers[id] }
    }

    func text(of document: DocumentFile) async throws(BaseSpaceError) -> [UInt8] {
        try await answer("text") { $0.texts[document] ?? Array("{}".utf8) }
    }

    func moveToTrash(_ entity: EntityKey) async throws(BaseSpaceError) {
        try await answer("trash \(entity)") { state in
            state.samples.removeAll { Entity.sample($0).key == entity }
            state.appResults.removeAll { Entity.appResult($0).key == entity }
        }
    }

    func createProject(named name: String) async throws(BaseSpaceError) -> (project: Project, created: Bool) {
        try await answer("create project") { state in
            if let known = state.projects.first(where: { $0.name == name }) { return (known, false) }
            let project = Project(id: EntityID(String(100 + state.projects.count)), name: name)
            state.projects.append(project)
            return (project, true)
        }
    }

    func createAppResult(_ new: NewAppResult) async throws(BaseSpaceError) -> AppResult {
        try await answer("create appresult") { state in
            let id = EntityID(String(500 + state.appResults.count))
            let result = AppResult(
                id: id,
                name: new.name,
                status: .running,
                appSessionID: new.session ?? EntityID("s\(id)")
            )
            state.appResults.append(result)
            return result
        }
    }

    func files(
        of container: FileContainer,
        expecting count: Int,
        _ receive: (borrowing RemoteFile) -> Void
    ) async throws(BaseSpaceError) {
        state.withLock { $0.expectations.append(count) }
        for file in try await answer("files", { $0.files }) {
            receive(file)
        }
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
