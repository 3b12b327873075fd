/// A biological sample of v2: what was sequenced. It has no files itself; its datasets have.
public struct BioSample: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name.
    public var name: String
    /// When it was made.
    public var created: Timestamp?
    /// When it was last changed.
    public var modified: Timestamp?
    /// The service's word for its state, as in `New`.
    public var status: String?
    /// The service's word for what the laboratory does with it, as in `Sequencing`.
    public var labStatus: String?
    /// The project that its datasets go to.
    public var defaultProjectID: EntityID?
    /// The user who owns it.
    public var ownerID: EntityID?
    /// The service's link to it; absolute.
    public var href: String?

    /// Creates a biosample.
    public init(
        id: EntityID,
        name: String,
        created: Timestamp? = nil,
        modified: Timestamp? = nil,
        status: String? = nil,
        labStatus: String? = nil,
        defaultProjectID: EntityID? = nil,
        ownerID: EntityID? = nil,
        href: String? = nil
    ) {
        self.id = id
        self.name = name
        self.created = created
        self.modified = modified
        self.status = status
        self.labStatus = labStatus
        self.defaultProjectID = defaultProjectID
        self.ownerID = ownerID
        self.href = href
    }

    /// Reads the form of lists (live recordings); the name is called `BioSampleName` there.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("BioSampleName") ?? fields.text("Name") ?? id.rawValue
        created = fields.timestamp("DateCreated")
        modified = fields.timestamp("DateModified")
        status = fields.text("Status")
        labStatus = fields.text("LabStatus")
        defaultProjectID = try? fields.nested("DefaultProject")?.id()
        ownerID = try? fields.nested("UserOwnedBy")?.id()
        href = fields.text("Href")
    }
}
