/// A project: what samples and results live in. Names are unique per owner only.
public struct Project: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name: any characters, `/` among them.
    public var name: String
    /// What it is about.
    public var description: String?
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

    /// Creates a project.
    public init(
        id: EntityID,
        name: String,
        description: String? = nil,
        created: Timestamp? = nil,
        modified: Timestamp? = nil,
        totalSize: Int64? = nil,
        ownerID: EntityID? = nil,
        href: String? = nil
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.created = created
        self.modified = modified
        self.totalSize = totalSize
        self.ownerID = ownerID
        self.href = href
    }

    /// Reads the full or the compact form.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        description = fields.text("Description")
        created = fields.timestamp("DateCreated")
        modified = fields.timestamp("DateModified")
        totalSize = fields.integer("TotalSize")
        ownerID = try? fields.nested("UserOwnedBy")?.id()
        href = fields.text("Href")
    }

    /// Whether that user owns the project; others see it because it is shared with them.
    public func isOwned(by user: User) -> Bool {
        ownerID == user.id
    }
}
