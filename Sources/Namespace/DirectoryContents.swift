internal import BaseSpaceAPI
internal import OrderedCollections

/// What a directory holds at one moment, in the order in which it is shown.
///
/// Nodes of files are made when somebody wants them: a walk over 150,000 files that only wants their names makes none.
public final class DirectoryContents: Sendable {
    /// The nodes of a directory that has others than what the service lists of its files.
    private let made: [Node]?
    private let files: Listing.Directory
    let directory: Node
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

    /// The name and the inode number of a child that is a file of the service, for those who want no more; `nil` for what has
    /// to be looked at as a node.
    public func file(at index: Int) -> (name: String, inode: InodeNumber)? {
        guard made == nil, case .file(let record) = files.values[index] else { return nil }
        return (files.keys[index], changes.inode(of: record))
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
    var aliases: [EntityID: InodeNumber] = [:]

    /// The node of a file in a directory that shows it.
    func node(of record: FileRecord, named name: String, in directory: Node) -> Node {
        let time = modified.isEmpty ? nil : modified[record.id]
        let content = Node.Content.file(time.map { record.with(modified: $0) } ?? record)
        let inode = inode(of: record)
        return Node(inode: inode, parent: directory.filesInode, name: name, content: content)
    }

    /// Its number: where it was written here the staged file's.
    func inode(of record: FileRecord) -> InodeNumber {
        if !aliases.isEmpty, let alias = aliases[record.id], !record.isShownAgain { return alias }
        return record.inode
    }
}
