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

    /// Creates a session.
    public init(
        id: EntityID,
        name: String,
        status: SessionStatus,
        statusSummary: String? = nil,
        created: Timestamp? = nil,
        modified: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.statusSummary = statusSummary
        self.created = created
        self.modified = modified
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
    }
}
