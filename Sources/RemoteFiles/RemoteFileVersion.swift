public import BaseSpaceAPI
internal import BlockCache

/// One content of one remote file: what stays the same for as long as its id and ETag do.
public struct RemoteFileVersion: Hashable, Sendable {
    /// The file's id.
    public var id: EntityID
    /// What a message calls it.
    public var name: String
    /// Bytes.
    public var size: Int64
    /// Bare ETag of the object; `nil` if the service told none, and then a change can't be noticed.
    public var etag: String?
    /// Archived content can't be read.
    public var isArchived: Bool

    /// Names a content of so many bytes; a negative size counts as none.
    public init(id: EntityID, name: String, size: Int64, etag: String?, isArchived: Bool = false) {
        self.id = id
        self.name = name
        self.size = max(size, 0)
        self.etag = etag
        self.isArchived = isArchived
    }
}

/// An open content, shared by its handles: which file it is, and where the disk cache keeps it.
final class Content: Hashable, Sendable {
    let file: RemoteFileVersion
    let cached: CachedContent

    init(file: RemoteFileVersion, cached: CachedContent) {
        self.file = file
        self.cached = cached
    }

    var size: Int64 { file.size }

    static func == (left: Content, right: Content) -> Bool { left === right }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}

/// Receives the bytes of a read that had to wait. Exactly one of its methods is called, once, on any thread.
public protocol ContentReadReply: Sendable {
    /// The bytes, valid during the call.
    func succeed(_ bytes: UnsafeRawBufferPointer)
    /// Why there are none.
    func fail(_ error: RemoteReadError)
}
