import Digests
import SystemPackage

/// Everything that a simulator knows about its entities. A value: it lives in one `Mutex`, and nothing in it does IO.
///
/// Ids of what the data directory holds are hashes of their paths there: they stay the same from start to start, and a
/// new file never changes the id of another. Ids of what clients make are counted upwards from above all hashes, so that
/// sorting by id puts them behind everything that was there before, as on the live service.
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
    var sessions = Table<AppSession>()
    var files = Table<File>()

    private var fileIDs: [ContainerID: [Int64]] = [:]
    private var sizes: [ContainerID: Int64] = [:]
    private var containersByPrefix: [String: ContainerID] = [:]
    /// Complete files by their keys in the object store.
    private var filesByKey: [String: Int64] = [:]
    private var nextID = Self.firstCountedID
    private var nextFileID = Self.firstCountedFileID

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

    // MARK: Containers

    /// The first part of the keys of a container's files in the object store: 32 hexadecimal digits.
    static func keyPrefix(of container: ContainerID) -> String {
        MD5.digest(of: Array("\(container.kind)/\(container.id)".utf8)).hexadecimal
    }

    /// The key of a file in the object store.
    static func key(of file: File) -> String {
        let key = "\(keyPrefix(of: file.container))/\(file.path)"
        return file.isDuplicate ? "\(key).\(file.id)" : key
    }

    /// Adds a sample to its project and its session, which must exist.
    mutating func insert(_ sample: Sample) {
        samples.insert(sample)
        projects.update(sample.project) { $0.samples.append(sample.id) }
        register(.sample(sample.id), session: sample.session)
    }

    /// Adds an AppResult to its project and its session, which must exist.
    mutating func insert(_ appResult: AppResult) {
        appResults.insert(appResult)
        projects.update(appResult.project) { $0.appResults.append(appResult.id) }
        register(.appResult(appResult.id), session: appResult.session)
    }

    private mutating func register(_ container: ContainerID, session: Int64) {
        sessions.update(session) { $0.containers.append(container) }
        containersByPrefix[Self.keyPrefix(of: container)] = container
    }

    /// The session and the project of a container.
    func owners(of container: ContainerID) -> (session: AppSession, project: Project)? {
        let ids: (session: Int64, project: Int64)? =
            switch container {
            case .sample(let id): samples[id].map { ($0.session, $0.project) }
            case .appResult(let id): appResults[id].map { ($0.session, $0.project) }
            }
        guard let ids, let session = sessions[ids.session], let project = projects[ids.project] else { return nil }
        return (session, project)
    }

    /// Bytes in the complete files of a container.
    func size(of container: ContainerID) -> Int64 { sizes[container] ?? 0 }

    /// Bytes in the complete files of a project.
    func size(of project: Project) -> Int64 {
        project.samples.reduce(0) { $0 + size(of: .sample($1)) }
            + project.appResults.reduce(0) { $0 + size(of: .appResult($1)) }
    }

    /// Bytes in the complete files of a session's containers.
    func size(of session: AppSession) -> Int64 { session.containers.reduce(0) { $0 + size(of: $1) } }

    // MARK: Files

    /// The complete files of a container, in the order of ids.
    func completeFiles(of container: ContainerID) -> [File] {
        (fileIDs[container] ?? []).compactMap { files[$0] }.filter { $0.uploadStatus == .complete }
    }

    /// The complete file at a path of a container.
    func completeFile(at path: String, in container: ContainerID) -> File? {
        filesByKey["\(Self.keyPrefix(of: container))/\(path)"].flatMap { files[$0] }
    }

    /// The complete file with a key of the object store.
    func completeFile(key: String) -> File? { filesByKey[key].flatMap { files[$0] } }

    /// Adds a file to its container.
    mutating func insert(_ file: File) {
        files.insert(file)
        fileIDs[file.container, default: []].append(file.id)
        if file.uploadStatus == .complete { publish(file) }
    }

    /// Removes a file.
    mutating func remove(_ file: File) {
        files.remove(file.id)
        fileIDs[file.container]?.removeAll { $0 == file.id }
        guard filesByKey[Self.key(of: file)] == file.id else { return }
        filesByKey[Self.key(of: file)] = nil
        sizes[file.container, default: 0] -= file.size
    }

    /// Makes a file that has just become complete readable.
    mutating func publish(_ file: File) {
        filesByKey[Self.key(of: file)] = file.id
        sizes[file.container, default: 0] += file.size
        guard let project = owners(of: file.container)?.project else { return }
        projects.update(project.id) { $0.modified = max($0.modified, file.modified) }
    }

    // MARK: Time

    /// Lets the sessions that have run too long time out.
    mutating func elapse(to now: ServiceDate) {
        for id in sessions.ids {
            sessions.update(id) { session in
                if session.life.elapse(to: now) {
                    session.modified = session.life.since
                    session.statusSummary = "The session was running for more than 72 hours"
                }
            }
        }
    }
}
