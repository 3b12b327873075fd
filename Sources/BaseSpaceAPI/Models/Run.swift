/// A run of an instrument: what it read, as files that only instruments upload.
public struct Run: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name of the instrument's folder, as in `180718_M00000_0242_000000000-XXXXX`.
    public var name: String
    /// The name that people gave it; not unique, and it may end in blanks.
    public var experimentName: String?
    /// The service's word for its state: `Running`, `Uploading`, `Complete`, `Failed` and more (Swagger).
    public var status: String?
    /// When it was made.
    public var created: Timestamp?
    /// When it was last changed.
    public var modified: Timestamp?
    /// Bytes of all its files.
    public var totalSize: Int64?
    /// The user who owns it.
    public var ownerID: EntityID?
    /// The service's link to it.
    public var href: String?

    /// Creates a run.
    public init(
        id: EntityID,
        name: String,
        experimentName: String? = nil,
        status: String? = nil,
        created: Timestamp? = nil,
        modified: Timestamp? = nil,
        totalSize: Int64? = nil,
        ownerID: EntityID? = nil,
        href: String? = nil
    ) {
        self.id = id
        self.name = name
        self.experimentName = experimentName
        self.status = status
        self.created = created
        self.modified = modified
        self.totalSize = totalSize
        self.ownerID = ownerID
        self.href = href
    }

    /// Reads the full or the compact form (live recordings of runs inside other replies).
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        experimentName = fields.text("ExperimentName")
        status = fields.text("Status")
        created = fields.timestamp("DateCreated")
        modified = fields.timestamp("DateModified")
        totalSize = fields.integer("TotalSize")
        ownerID = try? fields.nested("UserOwnedBy")?.id()
        href = fields.text("Href")
    }

    /// Whether no more files will come. A run that needs attention, is paused or is analyzed may still change.
    public var isFinal: Bool {
        ["complete", "failed", "stopped"].contains(status?.lowercased())
    }
}
