internal import HTTPTransport

/// A file of the service. Its content never changes: other content is another file, or at least another ETag.
public struct RemoteFile: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The last part of the path.
    public var name: String
    /// The path inside its container, `directory/name`, without a slash in front.
    public var path: String {
        get { location.text }
        set { location = RemotePath(newValue) }
    }
    /// The same, cut.
    public var location: RemotePath
    /// The size in bytes; 0 while a multipart upload is open.
    public var size: Int64
    /// The type given at upload.
    public var contentType: String?
    /// The object's ETag without quotes: the MD5 of the content in hexadecimal, or `…-<parts>`.
    public var etag: String? {
        get { tag?.text }
        set { tag = newValue.map { CompactETag($0) } }
    }
    /// The same, packed.
    public var tag: CompactETag?
    /// Whether the content is archived and can't be read.
    public var isArchived: Bool
    /// How far its upload is; lists leave it out.
    public var uploadStatus: UploadStatus?
    /// When it was made.
    public var created: Timestamp?
    /// When it was last changed.
    public var modified: Timestamp?
    /// Where its bytes are, when the listing was asked to bring that with it.
    public var contentURL: SignedURL? {
        get { contentLink?.url }
        set { contentLink = newValue.map { SignedLink($0.url.string) } }
    }
    /// The same, not looked at yet.
    public var contentLink: SignedLink?

    /// Creates a file.
    public init(
        id: EntityID,
        name: String,
        path: String,
        size: Int64,
        contentType: String? = nil,
        etag: String? = nil,
        isArchived: Bool = false,
        uploadStatus: UploadStatus? = nil,
        created: Timestamp? = nil,
        modified: Timestamp? = nil,
        contentURL: SignedURL? = nil
    ) {
        self.init(
            id: id,
            name: name,
            location: RemotePath(path),
            size: size,
            contentType: contentType,
            tag: etag.map { CompactETag($0) },
            isArchived: isArchived,
            uploadStatus: uploadStatus,
            created: created,
            modified: modified,
            contentLink: contentURL.map { SignedLink($0.url.string) }
        )
    }

    init(
        id: EntityID,
        name: String,
        location: RemotePath,
        size: Int64,
        contentType: String?,
        tag: CompactETag?,
        isArchived: Bool,
        uploadStatus: UploadStatus?,
        created: Timestamp?,
        modified: Timestamp?,
        contentLink: SignedLink?
    ) {
        self.id = id
        self.name = name
        self.location = location
        self.size = size
        self.contentType = contentType
        self.tag = tag
        self.isArchived = isArchived
        self.uploadStatus = uploadStatus
        self.created = created
        self.modified = modified
        self.contentLink = contentLink
    }

    /// Reads the full or the compact form.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        let path = fields.text("Path").map { RemotePath($0) }
        name = fields.text("Name") ?? path?.lastComponent ?? id.rawValue
        location = path ?? RemotePath(name)
        guard let size = fields.has("Size") ? Self.plausible(fields.integer("Size")) : 0 else {
            // Shown with none it would be read as empty, with success.
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "the Size of file \(id) is no number of bytes")
            )
        }
        self.size = size
        contentType = fields.text("ContentType")
        tag = fields.text("ETag").map { CompactETag(Self.bare($0)) }
        isArchived = fields.boolean("IsArchived") ?? false
        uploadStatus = fields.text("UploadStatus").map { Self.status($0) }
        created = fields.timestamp("DateCreated")
        modified = fields.timestamp("DateModified")
        contentLink = Self.link(fields.text("HrefContent"))
    }

    /// No object is larger (S3 ends at 5 TiB); what claims to be must not overflow anybody's arithmetic.
    private static let largestSize: Int64 = 1 << 50

    /// A size as files have them; `nil` if it is none.
    static func plausible(_ size: Int64?) -> Int64? {
        size.flatMap { $0 < 0 ? nil : min($0, largestSize) }
    }

    static func status(_ word: String) -> UploadStatus {
        UploadStatus(rawValue: word.lowercased()) ?? .undefined
    }

    /// An ETag without the quotes that HTTP puts around it. Lists have it without: looking at its bytes first takes a
    /// hundredth of the time that going through its characters does.
    static func bare(_ etag: String) -> String {
        etag.utf8.contains(UInt8(ascii: "\"")) ? etag.filter { $0 != "\"" } : etag
    }

    /// `HrefContent` is a signed URL when the listing was asked for them, else the API's own link, relative in v1 and
    /// absolute in v2: only what is absolute and has a query is signed.
    static func link(_ text: String?) -> SignedLink? {
        guard var text, text.withUTF8({ isSigned($0) }) else { return nil }
        return SignedLink(text)
    }

    /// Whether these are the bytes of such a URL.
    static func isSigned(_ link: UnsafeBufferPointer<UInt8>) -> Bool {
        link.starts(with: "http".utf8) && link.contains(UInt8(ascii: "?"))
    }
}

/// How far a file's upload is.
public enum UploadStatus: String, Sendable {
    /// The service doesn't say, or says a word that is not known here.
    case undefined
    /// Parts are awaited.
    case pending
    /// Given up.
    case aborted
    /// All is there.
    case complete
}

/// What has files.
public enum FileContainer: Hashable, Sendable {
    /// An AppResult.
    case appResult(EntityID)
    /// A sample.
    case sample(EntityID)
    /// An instrument's run.
    case run(EntityID)
    /// A dataset of v2. Its files are those of the sample or AppResult that it is in v1.
    case dataset(EntityID)
    /// A set of log files of an AppSession, known by a number within it (SDK: `HrefLogs`).
    case logs(EntityID, session: EntityID)
}
