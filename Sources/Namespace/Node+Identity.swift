internal import BaseSpaceAPI

extension Node.Content {
    /// What tells this place from every other one of the account, if that is not where it stands: the source of its inode
    /// number, of a file's together with its ETag.
    ///
    /// The texts are an on-disk format of sorts: backup tools remember inode numbers, so they stay as they are, and so does
    /// `CompactETag.number`.
    var key: String? {
        switch self {
        case .root: "root"
        case .collection(let collection, _): collection.key
        case .entity(let entity): entity.key.inodeKey
        case .directory(let place): "\(place.container.key)/files/\(place.path)"
        case .file(let record): record.key
        case .control(let file, let entity): "\(entity.kind.rawValue)/\(entity.id)/\(file.rawValue)"
        case .properties(let place), .property(let place, _): place.key
        case .hidden(let directory): directory.key
        case .text, .document, .staged, .link, .sessionLink, .lastError, .commands: nil
        }
    }

    /// The number of the inode in a place.
    func inode(in parent: InodeNumber, named name: String) -> InodeNumber {
        if case .file(let record) = self { return record.inode }
        return InodeNumber(key: key ?? "\(parent.rawValue)/\(name)")
    }
}

extension EntityKey {
    /// The source of the inode number of the entity's directory.
    fileprivate var inodeKey: String { "\(kind.rawValue)/\(id)" }

    /// The inode number of the entity's directory.
    var inode: InodeNumber { InodeNumber(key: inodeKey) }
}

extension FileRecord {
    var key: String { keyPrefix + id.rawValue }

    /// The number of its inode: of the file, and of its content, since the kernel's pages belong to an inode. Under one number
    /// who reads the old content would be given pages of the new one when somebody opens that.
    var inode: InodeNumber { InodeNumber(key: keyPrefix, id.rawValue, version: tag?.number ?? 0) }

    /// A dataset shows files of a sample or AppResult once more, with the same ids: another place, where other rules hold.
    var isShownAgain: Bool {
        if case .dataset = container { true } else { false }
    }

    private var keyPrefix: String { isShownAgain ? "\(container.key)/file/" : "file/" }
}

extension Node {
    /// Whether the other node is a later state of the same place, so that it may take over its inode.
    func isSamePlace(as other: Node) -> Bool {
        switch (content, other.content) {
        case (.file(let one), .file(let two)): return one.key == two.key
        // A staged file has a number of its own from its creation on, and becomes a file of the service under it.
        case (.staged, .staged), (.staged, .file), (.file, .staged): return true
        default: break
        }
        guard isDirectory == other.isDirectory else { return false }
        let key = content.key
        guard key == other.content.key else { return false }
        return key != nil || (parent == other.parent && name == other.name)
    }
}

extension FileContainer {
    /// The container in the keys of inode numbers.
    var key: String {
        switch self {
        case .appResult(let id): "appresult/\(id)"
        case .sample(let id): "sample/\(id)"
        case .run(let id): "run/\(id)"
        case .dataset(let id): "dataset/\(id)"
        case .logs(let id, let session): "appsession/\(session)/logs/\(id)"
        }
    }
}

extension FileContainer {
    /// The log files of an AppSession. The number of their set is the service's business: the empty one stands for that
    /// which the session names.
    static func logs(ofSession id: EntityID) -> FileContainer { .logs("", session: id) }

    /// The entity whose files these are; `nil` for logs.
    var entity: EntityKey? {
        switch self {
        case .appResult(let id): EntityKey(kind: .appResult, id: id)
        case .sample(let id): EntityKey(kind: .sample, id: id)
        case .run(let id): EntityKey(kind: .run, id: id)
        case .dataset(let id): EntityKey(kind: .dataset, id: id)
        case .logs: nil
        }
    }
}
