internal import BaseSpaceAPI
internal import Glibc
internal import OrderedCollections

/// Makes directories of a container's flat list of files, as the list comes.
///
/// The service has no directories, only a `Path` for each file. Each component becomes a legal name; directories keep
/// theirs, and a file whose name is taken by a directory, or by a file of another `Path`, gets ` (<id>)`. Of several
/// files with one and the same `Path` the newest, the one with the highest id, is shown, under the name that the first
/// one had.
///
/// A run has 150,000 files, and a listing of 20,000 is waited for: what is usual (files in the order of their ids, paths of
/// legal names, neighbours in one directory) takes a look at a few bytes and one entry in a dictionary, and nothing is kept
/// but the records that are made. Where the whole list has to be known (files come in another order, or a
/// directory appears whose name a file has), the rest is put by, and all of it is gone through in order at the end: the
/// result is the same in whatever order the list came.
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
    /// Where the last file went: neighbours in a list are mostly neighbours in a directory.
    private var latest = 0
    /// How many files had come when the first came for that directory.
    private var firstInRow = 0
    private var spots: [ByteString: Spot] = [:]
    /// The places in `spots` as paths.
    private var unusual: Set<String> = []
    /// The file that came last.
    private var last: EntityID?
    /// The content type of the file before, as records share it.
    private var contentType: String?
    /// Files that their records don't tell of in full: those in `spots`, and those that newer ones of their path cover.
    private var aside: [RemoteFile] = []
    /// What waits for the end of the list, from the first file on that needs the whole of it.
    private var backlog: [RemoteFile]?
    /// Files that were added.
    private(set) var count = 0

    /// Begins with no file.
    init(container: FileContainer) {
        self.container = container
        directories = [Directory(shared: FileDirectory(container: container, path: ""))]
    }

    /// Adds the next file of the list. One that was added before is passed over.
    mutating func append(_ file: borrowing RemoteFile) {
        count += 1
        guard backlog == nil, last.map({ $0 < file.id }) ?? true else {
            backlog = backlog ?? []
            backlog?.append(copy file)
            return
        }
        if !addNeighbour(file) {
            let file = copy file
            add(file, to: directory(of: file))
        }
        last = file.id
    }

    /// The directories, when all files have been added.
    func listing() -> Listing {
        guard let backlog else {
            return Listing(
                directories: Dictionary(uniqueKeysWithValues: directories.map { ($0.path, $0.children) }),
                fileCount: count
            )
        }
        let files = (plainFiles + aside + backlog).sorted { $0.id < $1.id }
        var tree = FileTree(container: container)
        var homes: [Int] = []
        homes.reserveCapacity(files.count)
        for file in files {
            homes.append(tree.directory(of: file))
        }
        for (file, home) in zip(files, homes) where tree.last != file.id {
            tree.add(file, to: home)
            tree.last = file.id
            tree.count += 1
        }
        return tree.listing()
    }

    /// The files that are simply where their paths say.
    private var plainFiles: [RemoteFile] {
        let others = Set(aside.map(\.id))
        return directories.flatMap { directory in
            directory.children.values.compactMap { child in
                guard case .file(let record) = child, !others.contains(record.id) else { return nil }
                return RemoteFile(record)
            }
        }
    }

    /// Files for which a new directory has room at most. It gets room for as many as came in a row for the one before: most
    /// directories of a run are of one size, and a table that grows is made anew each time.
    private static let mostReserved = 256

    /// The directory that a file goes to, made with those above it.
    private mutating func directory(of file: RemoteFile) -> Int {
        // `d/`, as a folder of S3 is marked: its place is beside the directory, not in it.
        if file.location.directory != nil, file.location.leaf.isEmpty {
            return directory(Self.components(of: file).dropLast())
        }
        let words = file.location.directory ?? ""
        if words.isSameText(as: directories[latest].path) { return latest }
        let inRow = count - firstInRow
        firstInRow = count
        let key = ByteString(words)
        if let known = byWords[key] {
            latest = known
            return known
        }
        latest = directory(Self.components(of: file).dropLast())
        byWords[key] = latest
        if directories[latest].children.isEmpty {
            directories[latest].children.reserveCapacity(min(inRow, Self.mostReserved))
        }
        return latest
    }

    private mutating func directory(_ components: ArraySlice<String>) -> Int {
        guard let name = components.last else { return 0 }
        let path = components.joined(separator: "/")
        if let known = byPath[path] { return known }
        let parent = directory(components.dropLast())
        if case .file(let record)? = directories[parent].children.updateValue(.directory, forKey: name) {
            // It should have given way before other files were looked at.
            if !aside.contains(where: { $0.id == record.id }) { aside.append(RemoteFile(record)) }
            backlog = backlog ?? []
        }
        directories.append(Directory(shared: FileDirectory(container: container, path: path)))
        byPath[path] = directories.count - 1
        return directories.count - 1
    }

    /// The legal names along a file's path; never empty.
    private static func components(of file: RemoteFile) -> [String] {
        let parts = file.path.utf8.split(separator: UInt8(ascii: "/")).map { EntityNames.legal(String(Substring($0))) }
        return parts.isEmpty ? [EntityNames.legal(file.name)] : parts
    }

    /// Adds a file that is in the last one's directory, under a name that is legal and free, as nearly all are.
    ///
    /// - Returns: Whether it is such a one; nothing is done otherwise.
    private mutating func addNeighbour(_ file: borrowing RemoteFile) -> Bool {
        let directory = directories[latest].shared
        guard spots.isEmpty, Self.isPlace(file.location, directory.path, file.name), EntityNames.isPlain(file.name)
        else {
            return false
        }
        let record = FileRecord(file, named: file.name, in: directory, contentType: shared(file.contentType))
        guard let taken = directories[latest].children.updateValue(.file(record), forKey: file.name) else {
            return true
        }
        directories[latest].children[file.name] = taken
        return false
    }

    private mutating func add(_ file: RemoteFile, to index: Int) {
        if !spots.isEmpty, let spot = spots[ByteString(file.path)] {
            aside.append(file)
            return put(file, at: spot.name, in: spot.directory)
        }
        let name = Self.leaf(of: file)
        let directory = directories[index].path
        let isPlain = Self.isPlace(file.location, directory, name)
        switch directories[index].children[name] {
        case nil where isPlain:
            put(file, at: name, in: index)
        // The same path once more: the newest is shown. Names that only look the same, an é of one and an é of two code
        // points, are the same key.
        case .file(let older)
        where isPlain && !unusual.contains(file.path) && older.place.path.utf8.elementsEqual(file.path.utf8):
            aside.append(RemoteFile(older))
            put(file, at: name, in: index)
        case let taken:
            let free =
                taken == nil
                ? name : EntityNames.free(name, id: file.id) { directories[index].children[$0] != nil }
            spots[ByteString(file.path)] = Spot(directory: index, name: free)
            aside.append(file)
            unusual.insert(directory.isEmpty ? free : directory + "/" + free)
            put(file, at: free, in: index)
        }
    }

    private mutating func put(_ file: RemoteFile, at name: String, in index: Int) {
        let type = shared(file.contentType)
        let record = FileRecord(file, named: name, in: directories[index].shared, contentType: type)
        directories[index].children[name] = .file(record)
    }

    /// A content type as records share it.
    private mutating func shared(_ type: String?) -> String? {
        if let type, let contentType, type.isSameText(as: contentType) { return contentType }
        contentType = type.map { FileRecord.shared($0) }
        return contentType
    }

    /// The legal form of the last component of a path.
    private static func leaf(of file: RemoteFile) -> String {
        // `Name` is the same text, and there already.
        if !file.name.isEmpty, file.location.leaf.isSameText(as: file.name) { return EntityNames.legal(file.name) }
        return components(of: file).last ?? EntityNames.legal(file.name)
    }

    /// Whether a path is a directory's and a name, byte for byte.
    private static func isPlace(_ path: RemotePath, _ directory: String, _ name: String) -> Bool {
        guard path.leaf.isSameText(as: name) else { return false }
        return directory.isEmpty ? path.directory == nil : path.directory?.isSameText(as: directory) ?? false
    }
}

/// A text that is told from others by its bytes: as strings, an é of one and an é of two code points would be one path.
private struct ByteString: Hashable {
    private let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: ByteString, right: ByteString) -> Bool {
        left.text.isSameText(as: right.text)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether both have the same bytes.
    fileprivate func isSameText(as other: String) -> Bool {
        let (bytes, others) = (utf8.span, other.utf8.span)
        guard bytes.count == others.count else { return false }
        return bytes.withUnsafeBytes { bytes in
            others.withUnsafeBytes { others in
                guard let start = bytes.baseAddress, let other = others.baseAddress else { return true }
                return memcmp(start, other, bytes.count) == 0
            }
        }
    }
}
