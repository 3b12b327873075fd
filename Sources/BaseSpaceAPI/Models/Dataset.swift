/// A dataset of v2: a container of files. Each sample and AppResult of v1 is one too (live recordings, Illumina's
/// documentation).
public struct Dataset: Sendable, Hashable, Decodable {
    /// The id, `ds.` and 32 hexadecimal digits (live recordings).
    public var id: EntityID
    /// The name; not unique: a sample that was sequenced twice has two of the same name.
    public var name: String
    /// When it was made.
    public var created: Timestamp?
    /// When it was last changed.
    public var modified: Timestamp?
    /// Bytes of all its files.
    public var totalSize: Int64?
    /// Whether the files' content is archived and can't be read.
    public var isArchived: Bool
    /// What kind of files it has, as in `illumina.fastq.v1.8`.
    public var typeID: String?
    /// The kinds that its kind is one of, as in `common.fastq`.
    public var conformsTo: [String]
    /// The project that it is in.
    public var projectID: EntityID?
    /// The session that made it.
    public var appSessionID: EntityID?
    /// What v1 knows it as, `sample.<id>` or `appresult.<id>`; not always sent (SDK, Swagger).
    public var v1Name: String?
    /// The service's link to it; absolute.
    public var href: String?

    /// Creates a dataset.
    public init(
        id: EntityID,
        name: String,
        created: Timestamp? = nil,
        modified: Timestamp? = nil,
        totalSize: Int64? = nil,
        isArchived: Bool = false,
        typeID: String? = nil,
        conformsTo: [String] = [],
        projectID: EntityID? = nil,
        appSessionID: EntityID? = nil,
        v1Name: String? = nil,
        href: String? = nil
    ) {
        self.id = id
        self.name = name
        self.created = created
        self.modified = modified
        self.totalSize = totalSize
        self.isArchived = isArchived
        self.typeID = typeID
        self.conformsTo = conformsTo
        self.projectID = projectID
        self.appSessionID = appSessionID
        self.v1Name = v1Name
        self.href = href
    }

    /// Reads the form of lists, which is the full one (live recordings).
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        created = fields.timestamp("DateCreated")
        modified = fields.timestamp("DateModified")
        totalSize = fields.integer("TotalSize")
        isArchived = fields.boolean("IsArchived") ?? false
        let type = fields.nested("DatasetType")
        typeID = type?.text("Id")
        conformsTo = (try? type?.array("ConformsToIds")) ?? []
        projectID = try? fields.nested("Project")?.id()
        appSessionID = try? fields.nested("AppSession")?.id()
        v1Name = fields.text("V1pre3Id")
        href = fields.text("Href")
    }
}
