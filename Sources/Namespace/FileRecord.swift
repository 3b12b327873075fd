public import BaseSpaceAPI
internal import Synchronization

/// What the tree keeps of a file that the service holds, shared by listings and nodes. A run has 150,000 of them, so it
/// is kept small: 150 bytes and the path.
public final class FileRecord: Sendable {
    /// Its id.
    public let id: EntityID
    /// Where it stands in the tree.
    public let place: FilePlace
    /// Bytes.
    public let size: Int64
    private let tag: CompactETag?
    /// Last change: `DateModified`, or `DateCreated` without one.
    public let modified: Timestamp?
    /// The content type given at upload.
    public let contentType: String?
    /// Archived content is listed and can't be read.
    public let isArchived: Bool
    private let link: SignedLink?

    init(_ file: RemoteFile, place: FilePlace) {
        id = file.id
        self.place = place
        size = file.size
        tag = file.etag.map { CompactETag($0) }
        modified = file.modified ?? file.created
        contentType = file.contentType.map { Self.shared($0) }
        isArchived = file.isArchived
        link = file.contentLink
    }

    private init(_ record: FileRecord, modified: Timestamp) {
        id = record.id
        place = record.place
        size = record.size
        tag = record.tag
        self.modified = modified
        contentType = record.contentType
        isArchived = record.isArchived
        link = record.link
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
    private static func shared(_ contentType: String) -> String {
        contentTypes.withLock { known in
            if let index = known.firstIndex(of: contentType) { return known[index] }
            if known.count < mostContentTypes {
                known.insert(contentType)
            }
            return contentType
        }
    }
}

/// An ETag in 24 bytes where it is what the service gives: an MD5, with the number of parts behind it for an object of
/// several.
enum CompactETag: Hashable, Sendable {
    case digest(UInt64, UInt64, parts: UInt16)
    case other(String)

    init(_ text: String) {
        let pieces = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let hex = pieces.first, hex.utf8.count == 32, pieces.count <= 2,
            let high = UInt64(hex.prefix(16), radix: 16), let low = UInt64(hex.dropFirst(16), radix: 16),
            let parts = pieces.count == 1 ? 0 : UInt16(pieces[1])
        else {
            self = .other(text)
            return
        }
        let digest = CompactETag.digest(high, low, parts: parts)
        // Capitals, signs and leading zeros would not come back as they were.
        self = digest.text == text ? digest : .other(text)
    }

    var text: String {
        switch self {
        case .digest(let high, let low, let parts): Self.hex(high) + Self.hex(low) + (parts == 0 ? "" : "-\(parts)")
        case .other(let text): text
        }
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
