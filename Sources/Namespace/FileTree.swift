internal import BaseSpaceAPI
internal import OrderedCollections

/// Makes directories of a container's flat list of files.
///
/// The service has no directories, only a `Path` for each file. Each component becomes a legal name; directories keep
/// theirs, and a file whose name is taken by a directory, or by a file of another `Path`, gets ` (<id>)`. Of several
/// files with one and the same `Path` the newest, the one with the highest id, is shown.
struct FileTree {
    private let container: FileContainer
    private var directories: [String: Listing.Directory] = ["": [:]]
    /// The `Path` behind each file shown, to tell a newer upload of a path from another path.
    private var originals: [FilePlace: String] = [:]

    private init(container: FileContainer) {
        self.container = container
    }

    /// The directories of a container.
    ///
    /// - Parameter modified: Times that replace the service's, by file id.
    static func listing(
        of files: [RemoteFile],
        in container: FileContainer,
        modified: [EntityID: Timestamp] = [:]
    ) -> Listing {
        var tree = FileTree(container: container)
        let ordered = files.sorted { $0.id < $1.id }.map { (file: $0, parts: components(of: $0)) }
        for (_, parts) in ordered where parts.count > 1 {
            tree.addDirectory(parts.dropLast())
        }
        for (file, parts) in ordered {
            tree.add(file, parts: parts, modified: modified[file.id])
        }
        return Listing(directories: tree.directories)
    }

    /// The legal names along a file's path; never empty.
    static func components(of file: RemoteFile) -> [String] {
        let parts = file.path.split(separator: "/").map { EntityNames.legal(String($0)) }
        return parts.isEmpty ? [EntityNames.legal(file.name)] : parts
    }

    private mutating func addDirectory(_ parts: ArraySlice<String>) {
        let path = parts.joined(separator: "/")
        guard directories[path] == nil else { return }
        directories[path] = [:]
        let parent = parts.dropLast()
        if !parent.isEmpty {
            addDirectory(parent)
        }
        directories[parent.joined(separator: "/"), default: [:]][parts[parts.endIndex - 1]] = .directory
    }

    private mutating func add(_ file: RemoteFile, parts: [String], modified: Timestamp?) {
        let directory = parts.dropLast().joined(separator: "/")
        var name = parts[parts.count - 1]
        while let occupant = directories[directory]?[name] {
            let place = FilePlace(container: container, path: directory).appending(name)
            if case .file = occupant, originals[place] == file.path { break }
            name = EntityNames.free(name, id: file.id, among: [name])
        }
        let place = FilePlace(container: container, path: directory).appending(name)
        originals[place] = file.path
        directories[directory, default: [:]][name] = .file(FileRecord(file, place: place, modified: modified))
    }
}
