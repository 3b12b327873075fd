/// What an analysis produced: a container of files, writable while its session can be worked on.
public struct AppResult: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name; not unique.
    public var name: String
    /// What it is about; only in the full form.
    public var description: String?
    /// The session's status; it follows the session at once.
    public var status: SessionStatus?
    /// The same in a sentence.
    public var statusSummary: String?
    /// When it was made.
    public var created: Timestamp?
    /// Bytes of all its files.
    public var totalSize: Int64?
    /// The session that made it.
    public var appSessionID: EntityID?
    /// The service's link to it.
    public var href: String?
    /// The project that it is in, of several the first; only in the full form.
    public var projectID: EntityID?

    /// Creates an AppResult.
    public init(
        id: EntityID,
        name: String,
        description: String? = nil,
        status: SessionStatus? = nil,
        statusSummary: String? = nil,
        created: Timestamp? = nil,
        totalSize: Int64? = nil,
        appSessionID: EntityID? = nil,
        href: String? = nil,
        projectID: EntityID? = nil
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.status = status
        self.statusSummary = statusSummary
        self.created = created
        self.totalSize = totalSize
        self.appSessionID = appSessionID
        self.href = href
        self.projectID = projectID
    }

    /// Reads the full or the compact form.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        description = fields.text("Description")
        status = fields.status("Status")
        statusSummary = fields.text("StatusSummary")
        created = fields.timestamp("DateCreated")
        totalSize = fields.integer("TotalSize")
        appSessionID = try? fields.nested("AppSession")?.id()
        href = fields.text("Href")
        let projects: [Reference.Target]? = try? fields.array("Projects")
        projectID = projects?.first?.id
    }
}
