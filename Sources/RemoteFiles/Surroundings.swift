public import BaseSpaceAPI

/// A file that may be fetched before a program opens it.
public struct Candidate: Sendable {
    /// Which content.
    public var file: RemoteFileVersion
    /// A signed URL of it that came with a listing.
    public var url: SignedURL?
    /// Its inode number: many programs open the files of a directory in this order.
    public var inode: UInt64

    /// Describes a file.
    public init(file: RemoteFileVersion, url: SignedURL?, inode: UInt64) {
        self.file = file
        self.url = url
        self.inode = inode
    }
}

/// Where an open file stands: who knows the files beside it. Nothing of it asks the service.
public protocol Surroundings: Sendable {
    /// What tells the directory from others.
    var directory: UInt64 { get }

    /// A file of the directory by its name.
    func file(named name: String) -> Candidate?

    /// All files of the directory, in the order in which it is listed; none if there are more than so many, or if they
    /// are not known.
    func files(atMost count: Int) -> [Candidate]
}
