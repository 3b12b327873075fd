internal import BaseSpaceAPI
internal import OrderedCollections

/// Makes directories of a container's flat list of files.
///
/// The service has no directories, only a `Path` for each file. Each component becomes a legal name; directories keep
/// theirs, and a file whose name is taken by a directory, or by a file of another `Path`, gets ` (<id>)`. Of several
/// files with one and the same `Path` the newest, the one with the highest id, is shown, under the name that the first
/// one had.
struct FileTree {
    /// The uploads of one path.
    private struct Upload {
        let parts: [String]
        var first: EntityID
        var newest: RemoteFile
    }

    private let container: FileContainer
    private var directories: [String: Listing.Directory] = ["": [:]]

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
        let uploads = uploads(of: files)
        for upload in uploads where upload.parts.count > 1 {
            tree.addDirectory(upload.parts.dropLast())
        }
        for upload in uploads {
            tree.add(upload, modified: modified[upload.newest.id])
        }
        return Listing(directories: tree.directories)
    }

    /// The files by path, in the order in which their paths came to be.
    private static func uploads(of files: [RemoteFile]) -> [Upload] {
        var uploads: [String: Upload] = Dictionary(minimumCapacity: files.count)
        for file in files {
            guard var known = uploads[file.path] else {
                uploads[file.path] = Upload(parts: components(of: file), first: file.id, newest: file)
                continue
            }
            known.first = min(known.first, file.id)
            known.newest = known.newest.id < file.id ? file : known.newest
            uploads[file.path] = known
        }
        return uploads.values.sorted { $0.first < $1.first }
    }

    /// The legal names along a file's path; never empty.
    private static func components(of file: RemoteFile) -> [String] {
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

    private mutating func add(_ upload: Upload, modified: Timestamp?) {
        let directory = upload.parts.dropLast().joined(separator: "/")
        var name = upload.parts[upload.parts.count - 1]
        while directories[directory]?[name] != nil {
            name = EntityNames.free(name, id: upload.first, among: [name])
        }
        let place = FilePlace(container: container, path: directory).appending(name)
        let record = FileRecord(upload.newest, place: place, modified: modified)
        directories[directory, default: [:]][name] = .file(record)
    }
}
