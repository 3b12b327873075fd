internal import Namespace
internal import RemoteFiles

/// The directory that an open file stands in, as far as the tree knows it.
struct FileSurroundings: Surroundings {
    let tree: Tree
    let node: Node

    var directory: UInt64 { node.inode.rawValue }

    func file(named name: String) -> Candidate? {
        guard case .found(let file) = tree.knownChild(named: name, of: node) else { return nil }
        return Candidate(file)
    }

    func files(atMost count: Int) -> [Candidate] {
        guard let known = tree.knownChildCount(of: node), known <= count else { return [] }
        return (tree.knownChildren(of: node) ?? []).compactMap { Candidate($0) }
    }
}

extension Candidate {
    /// A file of the service; `nil` for anything else.
    fileprivate init?(_ node: Node) {
        guard case .file(let record) = node.content else { return nil }
        self.init(
            file: RemoteFileVersion(record, name: node.name),
            url: record.contentURL,
            inode: node.inode.rawValue
        )
    }
}

extension RemoteFileVersion {
    /// The content that a listing tells of.
    init(_ record: FileRecord, name: String) {
        self.init(id: record.id, name: name, size: record.size, etag: record.etag, isArchived: record.isArchived)
    }
}
