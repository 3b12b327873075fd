public import BaseSpaceAPI

/// Where a file goes.
public struct UploadDestination: Sendable, Hashable, CustomStringConvertible {
    /// What takes the file: an AppResult, mostly.
    public var container: FileContainer
    /// The directory inside the container, without slashes at its ends; empty for the root.
    public var directory: String
    /// The file's name.
    public var name: String
    /// The media type that downloads will carry.
    public var contentType: String

    /// Names a destination; without a type, the one that suits the name.
    public init(container: FileContainer, directory: String, name: String, contentType: String? = nil) {
        self.container = container
        self.directory = directory
        self.name = name
        self.contentType = contentType ?? ContentType.forName(name)
    }

    /// Directory and name.
    public var path: String { directory.isEmpty ? name : "\(directory)/\(name)" }

    /// `'out/a.bam' to AppResult 17`.
    public var description: String { "'\(path)' to \(container)" }
}
