import Digests
import SystemPackage

/// Everything that a simulator knows about its entities. A value: it lives in one `Mutex`, and nothing in it does IO.
///
/// Ids of what the data directory holds are hashes of their paths there: they stay the same from start to start, and a
/// new file never changes the id of another. Ids of what clients make are counted upwards from above all hashes, so that
/// sorting by id puts them behind everything that was there before, as on the live service.
///
/// One file per concern: containers and their files (`Model+Files`), biosamples and datasets (`Model+V2`), properties
/// (`Properties`), what was removed (`Trash`).
struct Model: Sendable {
    /// Where the counted ids of entities begin, and below which hashes fall.
    static let firstCountedID: Int64 = 1_000_000_000
    /// File ids of the live service have eleven digits: too many for 32 bits.
    static let firstHashedFileID: Int64 = 11_000_000_000
    static let firstCountedFileID: Int64 = 100_000_000_000

    var user = User()
    var projects = Table<Project>()
    var samples = Table<Sample>()
    var appResults = Table<AppResult>()
    var runs = Table<Run>()
    var sessions = Table<AppSession>()
    var files = Table<File>()
    var applications = Table<Application>()
    var bioSamples = Table<BioSample>()
    /// BioSamples by project and name.
    var bioSampleIDs: [String: Int64] = [:]
    var fileIndex = FileIndex()
    var datasets = DatasetIndex()
    var properties: [EntityID: [Property]] = [:]
    var trash = Table<TrashItem>()
    /// What was there once: its ids answer 410.
    var gone: Set<EntityID> = []

    /// Sessions that are not final, the only ones that time can change.
    private var living: Set<Int64> = []
    private var nextID = Self.firstCountedID
    private var nextFileID = Self.firstCountedFileID

    init() {
        applications.insert(.simulated)
    }

    /// A new id for an entity that a client makes.
    mutating func makeID() -> Int64 {
        nextID += 1
        return nextID
    }

    /// A new id for a file that a client uploads.
    mutating func makeFileID() -> Int64 {
        nextFileID += 1
        return nextFileID
    }

    // MARK: Entities

    /// Adds a session.
    mutating func insert(_ session: AppSession) {
        sessions.insert(session)
        living.insert(session.id)
        fileIndex.register(.logs(session.id))
    }

    /// Adds a run.
    mutating func insert(_ run: Run) {
        runs.insert(run)
        fileIndex.register(.run(run.id))
    }

    /// Adds a sample to its project and its session, which must exist.
    mutating func insert(_ sample: Sample) {
        samples.insert(sample)
        projects.update(sample.project) { $0.samples.append(sample.id) }
        register(.sample(sample.id), session: sample.session)
        addBioSample(of: sample)
    }

    /// Adds an AppResult to its project and its session, which must exist.
    mutating func insert(_ appResult: AppResult) {
        appResults.insert(appResult)
        projects.update(appResult.project) { $0.appResults.append(appResult.id) }
        register(.appResult(appResult.id), session: appResult.session)
    }

    private mutating func register(_ container: ContainerID, session: Int64) {
        sessions.update(session) { session in
            if !session.containers.contains(container) { session.containers.append(container) }
        }
        fileIndex.register(container)
        datasets.register(container)
    }

    /// The session and the project of a container; nil for runs and logs.
    func owners(of container: ContainerID) -> (session: AppSession, project: Project)? {
        let ids: (session: Int64, project: Int64)? =
            switch container {
            case .sample(let id): samples[id].map { ($0.session, $0.project) }
            case .appResult(let id): appResults[id].map { ($0.session, $0.project) }
            case .run, .logs: nil
            }
        guard let ids, let session = sessions[ids.session], let project = projects[ids.project] else { return nil }
        return (session, project)
    }

    func exists(_ entity: EntityID) -> Bool {
        switch entity.kind {
        case .projects: projects[entity.id] != nil
        case .samples: samples[entity.id] != nil
        case .appResults: appResults[entity.id] != nil
        case .runs: runs[entity.id] != nil
        case .sessions: sessions[entity.id] != nil
        case .files: files[entity.id] != nil
        }
    }

    /// An entity and those that a right on which is a right on it.
    func lineage(of entity: EntityID) -> [EntityID] {
        switch entity.kind {
        case .projects, .runs:
            return [entity]
        case .files:
            return files[entity.id].map { [entity] + lineage(of: $0.container.entity) } ?? [entity]
        case .samples, .appResults:
            guard let container = entity.container, let owners = owners(of: container) else { return [entity] }
            return [entity, EntityID(.projects, owners.project.id), EntityID(.sessions, owners.session.id)]
        case .sessions:
            let containers = sessions[entity.id]?.containers ?? []
            let projects = containers.compactMap { owners(of: $0)?.project.id }
            return [entity] + containers.map(\.entity) + projects.map { EntityID(.projects, $0) }
        }
    }

    // MARK: Sizes

    /// Bytes in the complete files of a container.
    func size(of container: ContainerID) -> Int64 { fileIndex.size(of: container) }

    /// Bytes in the complete files of a project.
    func size(of project: Project) -> Int64 {
        project.samples.reduce(0) { $0 + size(of: .sample($1)) }
            + project.appResults.reduce(0) { $0 + size(of: .appResult($1)) }
    }

    /// Bytes in the complete files of a session's containers.
    func size(of session: AppSession) -> Int64 { session.containers.reduce(0) { $0 + size(of: $1) } }

    // MARK: Time

    /// Puts a session into any status.
    mutating func force(_ status: SessionLifeCycle.Status, summary: String?, session id: Int64, at now: ServiceDate) {
        sessions.update(id) { session in
            session.life.force(status, at: now)
            session.statusSummary = summary ?? session.statusSummary
            session.modified = now.wholeSeconds
            session.completed = session.life.isFinal ? now.wholeSeconds : nil
        }
        living.insert(id)
    }

    /// Lets the sessions that have run too long time out, and those that were launched end.
    mutating func elapse(to now: ServiceDate) {
        for id in living {
            guard let life = sessions[id]?.life, !life.isFinal else {
                living.remove(id)
                continue
            }
            guard life.changes(by: now) else { continue }
            sessions.update(id) { session in
                guard session.life.elapse(to: now) else { return }
                session.modified = session.life.since
                if session.life.status == .complete {
                    session.completed = session.life.since
                    session.statusSummary = "Application completed successfully"
                } else {
                    session.statusSummary = "The session was running for more than 72 hours"
                }
            }
        }
    }
}
