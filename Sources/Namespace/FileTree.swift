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
    static func listing(of files: [RemoteFile], in container: FileContainer) -> Listing {
        var tree = FileTree(container: container)
        let uploads = uploads(of: files)
        for upload in uploads where upload.parts.count > 1 {
            tree.addDirectory(upload.parts.dropLast())
        }
        for upload in uploads {
            tree.add(upload)
        }
        return Listing(directories: tree.directories)
    }

    /// The files by path, in the order in which their paths came to be.
    private static func uploads(of files: [RemoteFile]) -> [Upload] {
        // By the bytes of the path: as strings, an é of one and an é of two code points would be one path.
        var uploads: [[UInt8]: Upload] = Dictionary(minimumCapacity: files.count)
        for file in files {
            let path = Array(file.path.utf8)
            guard var known = uploads[path] else {
                uploads[path] = Upload(parts: components(of: file), first: file.id, newest: file)
                continue
            }
            known.first = min(known.first, file.id)
            known.newest = known.newest.id < file.id ? file : known.newest
            uploads[path] = known
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

    private mutating func add(_ upload: Upload) {
        let directory = upload.parts.dropLast().joined(separator: "/")
        let taken = directories[directory] ?? [:]
        let name = EntityNames.free(upload.parts[upload.parts.count - 1], id: upload.first) { taken[$0] != nil }
        let place = FilePlace(container: container, path: directory).appending(name)
        directories[directory, default: [:]][name] = .file(FileRecord(upload.newest, place: place))
    }
}
