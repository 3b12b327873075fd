public import BaseSpaceAPI

/// A place in the tree: a directory, a file, a link.
///
/// Nodes are immutable. When what the service says of a place changes, a new node takes over its inode number; the other
/// content of a file has another.
public final class Node: Sendable {
    /// What stands at a place.
    public enum Content: Sendable {
        /// The root of the mount.
        case root
        /// A text that is known with its place, such as `README` or `.id`.
        case text([UInt8])
        /// A text that the service or the mount is asked for.
        indirect case document(DocumentFile)
        /// A directory of entities, and whose it is: `Projects/`, a project's `Samples/`.
        indirect case collection(EntityCollection, of: Entity?)
        /// The directory of an entity.
        indirect case entity(Entity)
        /// `Files/` (an empty path) or a directory below it.
        case directory(FilePlace)
        /// A file that the service holds.
        case file(FileRecord)
        /// A file that is written here and not, or not wholly, uploaded.
        case staged(FilePlace)
        /// `Status` or `StatusSummary` of an AppSession, seen from it or from an AppResult.
        indirect case control(ControlFile, of: Entity)
        /// `Properties/` or a directory in it.
        case properties(PropertyPlace)
        /// A property of text, and how many bytes its file has.
        case property(PropertyPlace, size: Int)
        /// A directory that is reached by name and only lists what is reached that way.
        indirect case hidden(HiddenDirectory)
        /// `.error`: what failed last in the directory.
        case lastError(of: InodeNumber)
        /// `.commands`: takes commands for the directory.
        case commands(of: InodeNumber)
        /// `ParentAppSession` of what does not name its session in a list: the service is asked when it is read.
        case sessionLink(of: EntityKey)
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

    /// The same place with other content.
    func with(_ content: Content) -> Node {
        Node(inode: inode, parent: parent, name: name, content: content)
    }

    /// Whether it can be listed.
    public var isDirectory: Bool {
        switch content {
        case .root, .collection, .entity, .directory, .properties, .hidden: true
        case .text, .document, .file, .staged, .control, .property, .lastError, .commands, .link, .sessionLink: false
        }
    }

    /// Whether the kernel may be made to forget its name at any time. The working directory of a program may not; but nobody
    /// works in what is only reached by a name that no listing shows.
    public var isForgettable: Bool {
        if case .hidden = content { return true }
        return !isDirectory
    }

    /// The entity above `Files/` in which a file is found by its name as well; `nil` for one further down.
    public var parentAbove: InodeNumber? {
        guard !isDirectory, let place = filePlace, !place.path.contains("/") else { return nil }
        return place.container.entity?.inode
    }

    /// Whether its files come from, or go to, the container `Files/` of one entity, and where in there it stands.
    /// An entity with files stands for its own `Files/`.
    public var filePlace: FilePlace? {
        switch content {
        case .entity(let entity): entity.container.map { FilePlace(container: $0, path: "") }
        case .directory(let place), .staged(let place): place
        case .file(let record): record.place
        default: nil
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

/// A place below the `Files/` of what has files.
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
