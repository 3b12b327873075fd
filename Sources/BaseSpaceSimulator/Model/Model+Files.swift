import Digests

/// The files of each container: their order, their sizes, where the object store finds them.
struct FileIndex: Sendable {
    /// Complete files, ascending.
    private(set) var ids: [ContainerID: SortedIDs] = [:]
    /// Open and aborted uploads.
    private var pending: [ContainerID: Set<Int64>] = [:]
    private var sizes: [ContainerID: Int64] = [:]
    private var prefixes: [ContainerID: String] = [:]
    /// Complete files by their keys in the object store.
    private var byKey: [String: Int64] = [:]
    /// Grows with every change of a container, so that lists that were made before are known as old.
    private var versions: [ContainerID: Int] = [:]
    private var lists: [ListKey: (version: Int, ids: [Int64])] = [:]

    /// What a list of files was made with.
    struct ListKey: Hashable {
        let container: ContainerID
        let filter: FileFilter
        let sortBy: String
    }

    /// How many lists are remembered: as many as clients page through at a time, or a little more.
    private static let listLimit = 32

    mutating func register(_ container: ContainerID) {
        prefixes[container] = Model.keyPrefix(of: container)
        versions[container, default: 0] += 1
    }

    mutating func forget(_ container: ContainerID) {
        prefixes[container] = nil
        ids[container] = nil
        pending[container] = nil
        sizes[container] = nil
        lists = lists.filter { $0.key.container != container }
    }

    func size(of container: ContainerID) -> Int64 { sizes[container] ?? 0 }

    /// All files of a container, complete or not.
    func allIDs(of container: ContainerID) -> [Int64] {
        Array(ids[container] ?? SortedIDs()) + (pending[container] ?? []).sorted()
    }

    func prefix(of container: ContainerID) -> String { prefixes[container] ?? Model.keyPrefix(of: container) }

    func complete(key: String) -> Int64? { byKey[key] }

    mutating func addPending(_ file: File) {
        pending[file.container, default: []].insert(file.id)
    }

    mutating func addComplete(_ file: File) {
        pending[file.container]?.remove(file.id)
        ids[file.container, default: SortedIDs()].insert(file.id)
        byKey[key(of: file)] = file.id
        sizes[file.container, default: 0] += file.size
        versions[file.container, default: 0] += 1
    }

    /// Takes a file out of the object store, before its container is forgotten.
    mutating func forgetKey(of file: File) {
        let key = key(of: file)
        if byKey[key] == file.id { byKey[key] = nil }
    }

    mutating func remove(_ file: File) {
        pending[file.container]?.remove(file.id)
        guard file.uploadStatus == .complete else { return }
        ids[file.container]?.remove(file.id)
        sizes[file.container, default: 0] -= file.size
        versions[file.container, default: 0] += 1
        forgetKey(of: file)
    }

    private func key(of file: File) -> String {
        let key = "\(prefix(of: file.container))/\(file.path)"
        return file.isDuplicate ? "\(key).\(file.id)" : key
    }

    /// A list as it was made before, unless its container has changed since.
    func list(_ key: ListKey) -> [Int64]? {
        lists[key].flatMap { $0.version == versions[key.container] ? $0.ids : nil }
    }

    mutating func remember(_ list: [Int64], as key: ListKey) {
        if lists.count >= Self.listLimit { lists = [:] }
        lists[key] = (versions[key.container] ?? 0, list)
    }
}

extension Model {
    /// The first part of the keys of a container's files in the object store: 32 hexadecimal digits.
    static func keyPrefix(of container: ContainerID) -> String {
        MD5.digest(of: Array("\(container.kind)/\(container.id)".utf8)).hexadecimal
    }

    /// The key of a file in the object store.
    static func key(of file: File) -> String {
        let key = "\(keyPrefix(of: file.container))/\(file.path)"
        return file.isDuplicate ? "\(key).\(file.id)" : key
    }

    /// The complete files of a container, in the order of ids.
    func completeFiles(of container: ContainerID) -> [File] {
        (fileIndex.ids[container] ?? SortedIDs()).compactMap { files[$0] }
    }

    /// A page of the complete files of a container, and how many there are in all. What sorting and filtering cost is
    /// paid once for all pages of a list that does not change meanwhile.
    mutating func page(
        _ page: Page,
        of container: ContainerID,
        filter: FileFilter
    ) -> (files: [File], total: Int) {
        let ids = fileIndex.ids[container] ?? SortedIDs()
        if page.sortBy == "Id", filter.acceptsAll {
            return (page.slice(of: ids).compactMap { files[$0] }, ids.count)
        }
        let key = FileIndex.ListKey(container: container, filter: filter, sortBy: page.sortBy)
        let list: [Int64]
        if let known = fileIndex.list(key) {
            list = known
        } else {
            list = sorted(ids.compactMap { files[$0] }.filter(filter.accepts), by: page.sortBy)
            fileIndex.remember(list, as: key)
        }
        return (page.slice(of: list).compactMap { files[$0] }, list.count)
    }

    /// The names of the directories directly in a directory, sorted.
    func subdirectories(of container: ContainerID, in directory: String) -> [String] {
        let prefix = directory.isEmpty ? "" : directory + "/"
        let names = completeFiles(of: container).reduce(into: Set<String>()) { names, file in
            guard file.path.hasPrefix(prefix) else { return }
            let rest = file.path.dropFirst(prefix.count)
            if let slash = rest.firstIndex(of: "/") { names.insert(String(rest[..<slash])) }
        }
        return names.sorted()
    }

    private func sorted(_ files: [File], by key: String) -> [Int64] {
        switch key {
        case "Path", "Name":
            let keyed = files.map { (key: (key == "Path" ? $0.path : $0.name).lowercased(), id: $0.id) }
            return keyed.sorted { ($0.key, $0.id) < ($1.key, $1.id) }.map(\.id)
        case "DateCreated":
            return files.sorted { ($0.created, $0.id) < ($1.created, $1.id) }.map(\.id)
        default:
            return files.map(\.id)
        }
    }

    /// The complete file at a path of a container.
    func completeFile(at path: String, in container: ContainerID) -> File? {
        completeFile(key: "\(fileIndex.prefix(of: container))/\(path)")
    }

    /// The complete file with a key of the object store.
    func completeFile(key: String) -> File? { fileIndex.complete(key: key).flatMap { files[$0] } }

    /// Adds a file to its container.
    mutating func insert(_ file: File) {
        files.insert(file)
        if file.uploadStatus == .complete { publish(file) } else { fileIndex.addPending(file) }
    }

    /// Removes a file.
    mutating func remove(_ file: File) {
        files.remove(file.id)
        fileIndex.remove(file)
    }

    /// Makes a file that has just become complete readable.
    mutating func publish(_ file: File) {
        fileIndex.addComplete(file)
        switch file.container {
        case .run(let id):
            runs.update(id) { $0.modified = max($0.modified, file.modified) }
        case .logs:
            return
        case .sample, .appResult:
            guard let project = owners(of: file.container)?.project else { return }
            projects.update(project.id) { $0.modified = max($0.modified, file.modified) }
        }
    }
}
