internal import BaseSpaceAPI
internal import OrderedCollections

/// Makes directories of a container's flat list of files.
///
/// The service has no directories, only a `Path` for each file. Each component becomes a legal name; directories keep
/// theirs, and a file whose name is taken by a directory, or by a file of another `Path`, gets ` (<id>)`. Of several
/// files with one and the same `Path` the newest, the one with the highest id, is shown, under the name that the first
/// one had.
///
/// A run has 150,000 files, and a listing of 20,000 is waited for: what is usual (files in the order of their ids, paths of
/// legal names, neighbours in one directory) takes a look at a few bytes and one entry in a dictionary.
struct FileTree {
    private struct Directory {
        /// What its files share.
        let shared: FileDirectory
        var children: Listing.Directory = [:]

        var path: String { shared.path }
    }

    /// Where a file is shown whose place is not simply its path.
    private struct Spot {
        let directory: Int
        let name: String
    }

    private let container: FileContainer
    private var directories: [Directory]
    private var byPath = ["": 0]
    /// The directories by the service's words for them.
    private var byWords: [ByteString: Int] = [ByteString(""): 0]
    private var spots: [ByteString: Spot] = [:]
    /// The places in `spots` as paths.
    private var unusual: Set<String> = []

    private init(container: FileContainer) {
        self.container = container
        directories = [Directory(shared: FileDirectory(container: container, path: ""))]
    }

    /// The directories of a container.
    static func listing(of files: [RemoteFile], in container: FileContainer) -> Listing {
        var tree = FileTree(container: container)
        let files = inOrder(files)
        let directories = files.indices.map { tree.directory(of: files[$0]) }
        for index in files.indices {
            tree.add(files[index], to: directories[index])
        }
        return Listing(
            directories: Dictionary(uniqueKeysWithValues: tree.directories.map { ($0.path, $0.children) })
        )
    }

    /// The files by id; lists come that way.
    private static func inOrder(_ files: [RemoteFile]) -> [RemoteFile] {
        let isInOrder = files.indices.dropFirst().allSatisfy { files[$0 - 1].id < files[$0].id }
        return isInOrder ? files : files.sorted { $0.id < $1.id }
    }

    /// The directory that a file goes to, made with those above it.
    private mutating func directory(of file: RemoteFile) -> Int {
        let words = file.path.prefix(upTo: file.path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? file.path.startIndex)
        // Neighbours in a list are mostly neighbours in a directory.
        if let last = directories.last, last.path.utf8.elementsEqual(words.utf8) { return directories.count - 1 }
        let key = ByteString(String(words))
        if let known = byWords[key] { return known }
        var components = Self.components(of: file)
        components.removeLast()
        let index = directory(components[...])
        byWords[key] = index
        return index
    }

    private mutating func directory(_ components: ArraySlice<String>) -> Int {
        guard let name = components.last else { return 0 }
        let path = components.joined(separator: "/")
        if let known = byPath[path] { return known }
        let parent = directory(components.dropLast())
        directories[parent].children[name] = .directory
        directories.append(Directory(shared: FileDirectory(container: container, path: path)))
        byPath[path] = directories.count - 1
        return directories.count - 1
    }

    /// The legal names along a file's path; never empty.
    private static func components(of file: RemoteFile) -> [String] {
        let parts = file.path.split(separator: "/").map { EntityNames.legal(String($0)) }
        return parts.isEmpty ? [EntityNames.legal(file.name)] : parts
    }

    private mutating func add(_ file: RemoteFile, to index: Int) {
        if !spots.isEmpty, let spot = spots[ByteString(file.path)] {
            return put(file, at: spot.name, in: spot.directory)
        }
        let name = Self.leaf(of: file)
        let directory = directories[index].path
        let isPlain = Self.isPath(file.path, directory, name)
        switch directories[index].children[name] {
        case nil where isPlain:
            put(file, at: name, in: index)
        // The same path once more: the newest is shown.
        case .file where isPlain && !unusual.contains(file.path):
            put(file, at: name, in: index)
        case let taken:
            let free =
                taken == nil
                ? name : EntityNames.free(name, id: file.id) { directories[index].children[$0] != nil }
            spots[ByteString(file.path)] = Spot(directory: index, name: free)
            unusual.insert(directory.isEmpty ? free : directory + "/" + free)
            put(file, at: free, in: index)
        }
    }

    private mutating func put(_ file: RemoteFile, at name: String, in index: Int) {
        let record = FileRecord(file, named: name, in: directories[index].shared)
        directories[index].children[name] = .file(record)
    }

    /// The legal form of the last component of a path.
    private static func leaf(of file: RemoteFile) -> String {
        // `Name` is the same text, and there already.
        if file.path.utf8.count >= file.name.utf8.count,
            file.path.utf8.reversed().starts(with: file.name.utf8.reversed()),
            !file.name.utf8.contains(UInt8(ascii: "/")), !file.name.isEmpty,
            file.path.utf8.count == file.name.utf8.count
                || file.path.utf8.dropLast(file.name.utf8.count).last == UInt8(ascii: "/")
        {
            return EntityNames.legal(file.name)
        }
        return components(of: file).last ?? EntityNames.legal(file.name)
    }

    /// Whether a path is a directory's and a name, byte for byte.
    private static func isPath(_ path: String, _ directory: String, _ name: String) -> Bool {
        guard !directory.isEmpty else { return path.utf8.elementsEqual(name.utf8) }
        return path.utf8.count == directory.utf8.count + 1 + name.utf8.count
            && path.utf8.starts(with: directory.utf8) && path.utf8.dropLast(name.utf8.count).last == UInt8(ascii: "/")
            && path.utf8.suffix(name.utf8.count).elementsEqual(name.utf8)
    }
}

/// A text that is told from others by its bytes: as strings, an é of one and an é of two code points would be one path.
private struct ByteString: Hashable {
    private let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: ByteString, right: ByteString) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
