public import BaseSpaceAPI

/// A place in the tree: a directory, a file, a link.
///
/// Nodes are immutable. When what the service says of a place changes, a new node takes over its inode number.
public final class Node: Sendable {
    /// What stands at a place.
    public enum Content: Sendable {
        /// The root of the mount.
        case root
        /// A text made by the mount itself, such as `README`.
        case text([UInt8])
        /// `Projects/`.
        case projects
        /// A directory of `Projects/`.
        indirect case project(Project)
        /// A project's `Samples/`.
        indirect case samples(of: Project)
        /// A project's `AppResults/`.
        indirect case appResults(of: Project)
        /// A directory of `Samples/`.
        indirect case sample(Sample)
        /// A directory of `AppResults/`.
        indirect case appResult(AppResult)
        /// `Files/` (an empty path) or a directory below it.
        case directory(FilePlace)
        /// A file that the service holds.
        case file(FileRecord)
        /// A file that is written here and not, or not wholly, uploaded.
        case staged(FilePlace)
        /// `Status` or `StatusSummary` of an AppResult.
        indirect case control(ControlFile, of: AppResult)
        /// A symbolic link.
        case link(target: String)
    }

    /// Its inode number.
    public let inode: InodeNumber
    /// The directory it is in; the root is its own parent.
    public let parent: InodeNumber
    /// Its name there.
    public let name: String
    /// What stands here.
    public let content: Content

    init(inode: InodeNumber, parent: InodeNumber, name: String, content: Content) {
        self.inode = inode
        self.parent = parent
        self.name = name
        self.content = content
    }

    /// Whether it can be listed.
    public var isDirectory: Bool {
        switch content {
        case .root, .projects, .project, .samples, .appResults, .sample, .appResult, .directory: true
        case .text, .file, .staged, .control, .link: false
        }
    }

    /// Whether its files come from, or go to, the container `Files/` of one entity, and where in there it stands.
    /// An AppResult or a Sample stands for its own `Files/`.
    public var filePlace: FilePlace? {
        switch content {
        case .sample(let sample): FilePlace(container: .sample(sample.id), path: "")
        case .appResult(let appResult): FilePlace(container: .appResult(appResult.id), path: "")
        case .directory(let place), .staged(let place): place
        case .file(let record): record.place
        case .root, .text, .projects, .project, .samples, .appResults, .control, .link: nil
        }
    }
}

/// The files that act when they are written to.
public enum ControlFile: String, Sendable, CaseIterable {
    /// The state of the AppSession.
    case status = "Status"
    /// The line of text beside the state, at most 128 characters.
    case statusSummary = "StatusSummary"
}

/// A place below the `Files/` of a sample or an AppResult.
public struct FilePlace: Hashable, Sendable, CustomStringConvertible {
    /// Whose `Files/`.
    public var container: FileContainer
    /// The path below `Files/`, in names of the tree; empty for `Files/` itself.
    public var path: String

    /// Names a place.
    public init(container: FileContainer, path: String) {
        self.container = container
        self.path = path
    }

    /// The place of a name in this directory.
    public func appending(_ name: String) -> FilePlace {
        FilePlace(container: container, path: path.isEmpty ? name : path + "/" + name)
    }

    /// The directory this place is in, as a path; `Files/` is its own.
    public var directory: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(path[..<slash])
    }

    /// The last component of the path.
    public var name: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    public var description: String { "\(container):\(path)" }
}

/// What the tree keeps of a file that the service holds, shared by listings and nodes.
public final class FileRecord: Sendable {
    /// Its id.
    public let id: EntityID
    /// Where it stands in the tree.
    public let place: FilePlace
    /// Bytes.
    public let size: Int64
    /// The object's ETag, bare.
    public let etag: String?
    /// Last change: `DateModified`, or `DateCreated` without one.
    public let modified: Timestamp?
    /// The content type given at upload.
    public let contentType: String?
    /// Archived content is listed and can't be read.
    public let isArchived: Bool
    /// Where its bytes are to be had, as the listing said; whether the URL still serves is not known.
    public let contentURL: SignedURL?

    init(_ file: RemoteFile, place: FilePlace, modified: Timestamp? = nil) {
        self.id = file.id
        self.place = place
        self.size = file.size
        self.etag = file.etag
        self.modified = modified ?? file.modified ?? file.created
        self.contentType = file.contentType
        self.isArchived = file.isArchived
        self.contentURL = file.contentURL
    }
}
