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
    private let tag: CompactETag?
    /// Last change: `DateModified`, or `DateCreated` without one.
    public let modified: Timestamp?
    /// The content type given at upload.
    public let contentType: String?
    /// Archived content is listed and can't be read.
    public let isArchived: Bool
    fileprivate let link: SignedLink?

    /// Makes the record of a file in a directory that others stand in, too.
    init(_ file: RemoteFile, named name: String, in directory: FileDirectory) {
        id = file.id
        self.name = name
        self.directory = directory
        size = file.size
        tag = file.etag.map { CompactETag($0) }
        modified = file.modified ?? file.created
        contentType = file.contentType.map { Self.shared($0) }
        isArchived = file.isArchived
        link = file.contentLink
    }

    /// Makes the record of a file by itself.
    convenience init(_ file: RemoteFile, place: FilePlace) {
        self.init(file, named: place.name, in: FileDirectory(container: place.container, path: place.directory))
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

/// An ETag in 24 bytes where it is what the service gives: an MD5, with the number of parts behind it for an object of
/// several.
enum CompactETag: Hashable, Sendable {
    case digest(UInt64, UInt64, parts: UInt16)
    case other(String)

    init(_ text: String) {
        var text = text
        let digest = text.withUTF8 { bytes -> CompactETag? in
            guard let high = Self.number(bytes.prefix(16)), let low = Self.number(bytes.dropFirst(16).prefix(16)) else {
                return nil
            }
            let rest = bytes.dropFirst(32)
            guard let dash = rest.first else { return .digest(high, low, parts: 0) }
            // A sign or a leading zero would not come back as it was.
            guard dash == UInt8(ascii: "-"), let first = rest.dropFirst().first,
                (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first),
                let parts = UInt16(String(decoding: rest.dropFirst(), as: UTF8.self))
            else { return nil }
            return .digest(high, low, parts: parts)
        }
        self = digest ?? .other(text)
    }

    /// Sixteen hexadecimal digits as the service writes them, in small letters.
    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        guard digits.count == 16 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
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
