import Digests
import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reads a directory of data into a model.
///
///     projects/<project>/samples/<sample>/…
///     projects/<project>/appresults/<appresult>/…
///     runs/<run>/…
///
/// Directories below a sample, an AppResult or a run become parts of its files' paths; names that begin with a dot are left
/// out. In the names of projects, samples, AppResults and runs `%XX` stands for a byte: `%2F` makes a name with a slash, and
/// `a%62` beside `ab` makes two entities of one name.
struct DataDirectory {
    /// What went wrong in words.
    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    let root: FilePath

    /// Adds everything in the directory to a model.
    func load(into model: inout Model) throws(Unreadable) {
        guard Self.entries(of: root) != nil else {
            throw Unreadable(
                description: "cannot read the data directory \(root): \(Errno(rawValue: errno)); "
                    + "it holds projects/<name>/samples/… and projects/<name>/appresults/…"
            )
        }
        let projects = root.appending("projects")
        for name in Self.entries(of: projects) ?? [] {
            loadProject(named: name, at: projects.appending(name), into: &model)
        }
        let runs = root.appending("runs")
        for name in Self.entries(of: runs) ?? [] {
            loadRun(named: name, at: runs.appending(name), into: &model)
        }
    }

    private func loadRun(named directory: String, at path: FilePath, into model: inout Model) {
        guard let status = Self.status(of: path), status.isDirectory else { return }
        let id = Self.identifier("run", directory, in: 1_000_000..<Model.firstCountedID) { model.runs[$0] != nil }
        let name = PercentEncoding.decode(directory)
        model.insert(
            Run(id: id, name: name, experimentName: name, created: status.modified, modified: status.modified)
        )
        loadAllFiles(of: .run(id), at: path, into: &model)
    }

    private func loadProject(named directory: String, at path: FilePath, into model: inout Model) {
        guard let modified = Self.status(of: path)?.modified else { return }
        let id = Self.identifier("project", directory, in: 1_000_000..<Model.firstCountedID) {
            model.projects[$0] != nil
        }
        let name = PercentEncoding.decode(directory)
        model.projects.insert(Project(id: id, name: name, created: modified, modified: modified))
        for kind in ["samples", "appresults"] {
            for entry in Self.entries(of: path.appending(kind)) ?? [] {
                let directory = path.appending(kind).appending(entry)
                guard let status = Self.status(of: directory), status.isDirectory else { continue }
                loadContainer(kind, entry, at: directory, created: status.modified, project: id, into: &model)
            }
        }
    }

    private func loadContainer(
        _ kind: String,
        _ entry: String,
        at directory: FilePath,
        created: ServiceDate,
        project: Int64,
        into model: inout Model
    ) {
        let key = "\(project)/\(entry)"
        let name = PercentEncoding.decode(entry)
        let session = Self.identifier("session", "\(kind)/\(key)", in: 1_000_000..<Model.firstCountedID) {
            model.sessions[$0] != nil
        }
        model.insert(
            AppSession(
                id: session,
                name: "\(Application.name) \(created.sessionNameSuffix)",
                life: SessionLifeCycle(status: .complete, since: created),
                statusSummary: "Application completed successfully",
                created: created,
                modified: created,
                completed: created
            )
        )
        let container: ContainerID
        if kind == "samples" {
            let id = Self.identifier(kind, key, in: 1_000_000..<Model.firstCountedID) { model.samples[$0] != nil }
            model.insert(Sample(id: id, name: name, project: project, session: session, created: created))
            container = .sample(id)
        } else {
            let id = Self.identifier(kind, key, in: 1_000_000..<Model.firstCountedID) { model.appResults[$0] != nil }
            model.insert(AppResult(id: id, name: name, project: project, session: session, created: created))
            container = .appResult(id)
        }
        loadAllFiles(of: container, at: directory, into: &model)
    }

    private func loadAllFiles(of container: ContainerID, at directory: FilePath, into model: inout Model) {
        var files: [File] = []
        loadFiles(of: container, at: directory, below: "", taken: { model.files[$0] != nil }, into: &files)
        for file in files.sorted(by: { $0.id < $1.id }) {
            model.insert(file)
        }
    }

    private func loadFiles(
        of container: ContainerID,
        at directory: FilePath,
        below parent: String,
        taken: (Int64) -> Bool,
        into files: inout [File]
    ) {
        for entry in Self.entries(of: directory) ?? [] {
            let location = directory.appending(entry)
            guard let status = Self.status(of: location) else { continue }
            let path = parent + entry
            if status.isDirectory {
                loadFiles(of: container, at: location, below: path + "/", taken: taken, into: &files)
                continue
            }
            let id = Self.identifier(
                "file",
                "\(container.kind)/\(container.id)/\(path)",
                in: Model.firstHashedFileID..<Model.firstCountedFileID,
                taken: taken
            )
            files.append(
                File(
                    id: id,
                    container: container,
                    path: path,
                    contentType: ContentTypes.forName(entry),
                    size: status.size,
                    created: status.modified,
                    modified: status.modified,
                    uploadStatus: .complete,
                    location: location
                )
            )
        }
    }

    // MARK: The parts

    /// An id from a path: its hash, or the next one that is free.
    private static func identifier(
        _ kind: String,
        _ path: String,
        in range: Range<Int64>,
        taken: (Int64) -> Bool
    ) -> Int64 {
        let hash = MD5.digest(of: Array("\(kind) \(path)".utf8)).bytes.prefix(8).reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        var id = range.lowerBound + Int64(hash % UInt64(range.count))
        while taken(id) {
            id = id + 1 < range.upperBound ? id + 1 : range.lowerBound
        }
        return id
    }

    /// The names in a directory, sorted; nil if it can't be read.
    private static func entries(of directory: FilePath) -> [String]? {
        guard let stream = opendir(directory.string) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// Follows symbolic links, so that a data directory can point to files elsewhere.
    private static func status(of path: FilePath) -> (isDirectory: Bool, size: Int64, modified: ServiceDate)? {
        var status = stat()
        guard stat(path.string, &status) == 0 else { return nil }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        guard isDirectory || status.st_mode & S_IFMT == S_IFREG else { return nil }
        return (isDirectory, Int64(status.st_size), ServiceDate(seconds: Int64(status.st_mtim.tv_sec)))
    }
}
