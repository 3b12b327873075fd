internal import BaseSpaceAPI
internal import OrderedCollections

/// What a directory holds at one moment, in the order in which it is shown.
///
/// Nodes of files are made when somebody wants them: a walk over 150,000 files that only wants their names makes none.
public final class DirectoryContents: Sendable {
    /// The nodes of a directory that has others than what the service lists of its files.
    private let made: [Node]?
    private let files: Listing.Directory
    /// The directory.
    public let directory: Node
    /// When the service was asked for the listing that they are from; `nil` where there is none.
    let asked: ContinuousClock.Instant?
    private let changes: FileChanges

    init(_ nodes: [Node], of directory: Node, asked: ContinuousClock.Instant? = nil) {
        made = nodes
        self.asked = asked
        files = [:]
        self.directory = directory
        changes = FileChanges()
    }

    init(files: Listing.Directory, of directory: Node, asked: ContinuousClock.Instant?, changes: FileChanges) {
        made = nil
        self.asked = asked
        self.files = files
        self.directory = directory
        self.changes = changes
    }

    /// How many children there are.
    public var count: Int { made?.count ?? files.count }

    /// The node of a child.
    public func node(at index: Int) -> Node {
        if let made { return made[index] }
        let (name, child) = files.elements[index]
        guard case .file(let record) = child else { return directory.subdirectory(named: name) }
        return changes.node(of: record, named: name, in: directory)
    }

    /// The name of a child that is a file of the service; `nil` for what has to be looked at as a node.
    public func fileName(at index: Int) -> String? {
        guard made == nil, case .file = files.values[index] else { return nil }
        return files.keys[index]
    }

    /// The inode number of a child.
    public func inode(at index: Int) -> InodeNumber {
        guard made == nil, case .file(let record) = files.values[index] else { return node(at: index).inode }
        return changes.inode(of: record)
    }

    /// The name of the first child that is no directory.
    public var firstFileName: String? {
        if let made { return made.first { !$0.isDirectory }?.name }
        return files.elements.first { if case .file = $0.value { true } else { false } }?.key
    }

    /// All nodes.
    public var nodes: [Node] { made ?? (0..<files.count).map { node(at: $0) } }
}

/// What this mount knows of the service's files beyond what the service tells.
struct FileChanges: Sendable {
    /// Times of change that were set here. The service has its own.
    var modified: [EntityID: Timestamp] = [:]
    /// The numbers under which files were written here. They keep them as long as the kernel holds one.
    var aliases: [EntityID: Alias] = [:]

    /// The number of a file that was written here.
    struct Alias: Sendable {
        let inode: InodeNumber
        /// What was written; `nil` if the service did not say.
        let tag: CompactETag?
    }

    /// What of it is about the files of a directory.
    func about(_ files: Listing.Directory) -> FileChanges {
        var changes = FileChanges()
        guard !modified.isEmpty || !aliases.isEmpty else { return changes }
        for case .file(let record) in files.values {
            if let time = modified[record.id] { changes.modified[record.id] = time }
            if let alias = aliases[record.id] { changes.aliases[record.id] = alias }
        }
        return changes
    }

    /// The node of a file in a directory that shows it.
    func node(of record: FileRecord, named name: String, in directory: Node) -> Node {
        let time = modified.isEmpty ? nil : modified[record.id]
        let content = Node.Content.file(time.map { record.with(modified: $0) } ?? record)
        let inode = inode(of: record)
        return Node(inode: inode, parent: directory.filesInode, name: name, content: content)
    }

    /// Its number: of a content that was written here the staged file's.
    func inode(of record: FileRecord) -> InodeNumber {
        alias(of: record) ?? record.inode
    }

    /// The number under which a file's content was written here.
    func alias(of record: FileRecord) -> InodeNumber? {
        guard !aliases.isEmpty, let alias = aliases[record.id], !record.isShownAgain else { return nil }
        guard let written = alias.tag, let listed = record.tag else { return alias.inode }
        return written == listed ? alias.inode : nil
    }
}
