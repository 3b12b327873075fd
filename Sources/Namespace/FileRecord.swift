public import BaseSpaceAPI
internal import Synchronization

/// What the tree keeps of a file that the service holds, shared by listings and nodes. A run has 150,000 of them, so it
/// is kept small: 150 bytes and the name, which is the listing's own.
public final class FileRecord: Sendable {
    /// Its id.
    public let id: EntityID
    /// Its name in the tree.
    public let name: String
    private let directory: FileDirectory
    /// Bytes.
    public let size: Int64
    let tag: CompactETag?
    /// Last change: `DateModified`, or `DateCreated` without one.
    public let modified: Timestamp?
    /// The content type given at upload.
    public let contentType: String?
    /// Archived content is listed and can't be read.
    public let isArchived: Bool
    fileprivate let link: SignedLink?

    /// Makes the record of a file in a directory that others stand in, too, with a content type that is ``shared(_:)``.
    init(_ file: borrowing RemoteFile, named name: String, in directory: FileDirectory, contentType: String?) {
        id = file.id
        self.name = name
        self.directory = directory
        size = file.size
        tag = file.tag
        modified = file.modified ?? file.created
        self.contentType = contentType
        isArchived = file.isArchived
        link = file.contentLink
    }

    /// Makes the record of a file by itself.
    convenience init(_ file: RemoteFile, place: FilePlace) {
        let directory = FileDirectory(container: place.container, path: place.directory)
        self.init(file, named: place.name, in: directory, contentType: file.contentType.map { Self.shared($0) })
    }

    private init(_ record: FileRecord, modified: Timestamp) {
        id = record.id
        name = record.name
        directory = record.directory
        size = record.size
        tag = record.tag
        self.modified = modified
        contentType = record.contentType
        isArchived = record.isArchived
        link = record.link
    }

    /// Whose file it is.
    public var container: FileContainer { directory.container }

    /// Where it stands in the tree.
    public var place: FilePlace {
        FilePlace(container: container, path: directory.path).appending(name)
    }

    /// The object's ETag, bare.
    public var etag: String? { tag?.text }

    /// Where its bytes are to be had, as the listing said; whether the URL still serves is not known.
    public var contentURL: SignedURL? {
        link?.url
    }

    /// The same file with another time.
    func with(modified: Timestamp) -> FileRecord {
        FileRecord(self, modified: modified)
    }

    private static let contentTypes = Mutex<Set<String>>([])
    /// An account has a dozen; what is beyond this is kept by each file for itself.
    private static let mostContentTypes = 256

    /// The one copy of a text that many files have.
    static func shared(_ contentType: String) -> String {
        contentTypes.withLock { known in
            if let index = known.firstIndex(of: contentType) { return known[index] }
            if known.count < mostContentTypes {
                known.insert(contentType)
            }
            return contentType
        }
    }
}

extension RemoteFile {
    /// The file that a record was made of, as far as that tells: one whose path is its place in the tree.
    init(_ record: FileRecord) {
        self.init(
            id: record.id,
            name: record.name,
            path: record.place.path,
            size: record.size,
            contentType: record.contentType,
            etag: record.etag,
            isArchived: record.isArchived,
            modified: record.modified
        )
        contentLink = record.link
    }
}

/// `Files/` of a container or a directory below it, for all who stand in it.
final class FileDirectory: Sendable {
    let container: FileContainer
    /// The path below `Files/`, in names of the tree.
    let path: String

    init(container: FileContainer, path: String) {
        self.container = container
        self.path = path
    }
}
