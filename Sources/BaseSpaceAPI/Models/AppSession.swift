/// One run of an app: what its results have their status from.
public struct AppSession: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name; often with a date, `/` and `:` in it.
    public var name: String
    /// What state it is in.
    public var status: SessionStatus
    /// The same in a sentence.
    public var statusSummary: String?
    /// When it was made.
    public var created: Timestamp?
    /// When it was last changed.
    public var modified: Timestamp?
    /// When it became what it is for good.
    public var completed: Timestamp?
    /// The app that ran.
    public var application: Application?
    /// The user who started it.
    public var creatorID: EntityID?
    /// Bytes of all that it made.
    public var totalSize: Int64?
    /// The service's link to it: relative in v1, absolute in v2.
    public var href: String?
    /// The link to the set of its log files; only in v1's full form (SDK).
    public var logsHref: String?

    /// Creates a session.
    public init(
        id: EntityID,
        name: String,
        status: SessionStatus,
        statusSummary: String? = nil,
        created: Timestamp? = nil,
        modified: Timestamp? = nil,
        completed: Timestamp? = nil,
        application: Application? = nil,
        creatorID: EntityID? = nil,
        totalSize: Int64? = nil,
        href: String? = nil,
        logsHref: String? = nil
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.statusSummary = statusSummary
        self.created = created
        self.modified = modified
        self.completed = completed
        self.application = application
        self.creatorID = creatorID
        self.totalSize = totalSize
        self.href = href
        self.logsHref = logsHref
    }

    /// Reads the forms of v1 (`Status`, `ModifiedOn`) and v2 (`ExecutionStatus`, `DateModified`).
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        guard let status = fields.status("Status") ?? fields.status("ExecutionStatus") else {
            throw DecodingError.keyNotFound(
                Fields.Key("Status"),
                .init(codingPath: decoder.codingPath, debugDescription: "a session has a status")
            )
        }
        self.status = status
        statusSummary = fields.text("StatusSummary")
        created = fields.timestamp("DateCreated")
        modified = fields.timestamp("ModifiedOn") ?? fields.timestamp("DateModified")
        completed = fields.timestamp("DateCompleted")
        application = try? fields.value("Application")
        creatorID = try? fields.nested("UserCreatedBy")?.id()
        totalSize = fields.integer("TotalSize")
        href = fields.text("Href")
        logsHref = fields.text("HrefLogs")
    }
}
