public import BaseSpaceAPI

/// A directory that no listing of its parent shows, so that `find`, globs and `cp -r` stay clean.
public enum HiddenDirectory: Sendable {
    /// `.by-id/`
    case byID
    /// `.by-id/<kind>/`: any entity by its id, as a link to its place.
    case entities(EntityKind)
    /// `.basespacefs/`: what the mount tells of itself.
    case reports
    /// A project's `AppResults.by-status/`
    case statuses(of: EntityID)
    /// `AppResults.by-status/<status>/`: links to the AppResults of a project whose session is in that state.
    case status(SessionStatus, of: EntityID)
    /// `Files.metadata/`, or the directory in it that stands for a directory of `Files/`.
    case metadata(FilePlace)
    /// The directory in `Files.metadata/` that stands for a file.
    case fileMetadata(FileRecord)
    /// `Content/` of a file's metadata.
    case content(FileRecord)
    /// `Coverage/` of a BAM's metadata.
    case coverage(FileRecord)
    /// `Variants/` of a VCF's metadata.
    case variants(FileRecord)

    /// The source of its inode number.
    var key: String {
        switch self {
        case .byID: "by-id"
        case .entities(let kind): "by-id/\(kind.plural)"
        case .reports: "basespacefs"
        case .statuses(let project): "project/\(project)/by-status"
        case .status(let status, let project): "project/\(project)/by-status/\(status.rawValue)"
        case .metadata(let place): "\(place.container.key)/files.metadata/\(place.path)"
        case .fileMetadata(let file): "\(file.key)/metadata"
        case .content(let file): "\(file.key)/content"
        case .coverage(let file): "\(file.key)/coverage"
        case .variants(let file): "\(file.key)/variants"
        }
    }
}
