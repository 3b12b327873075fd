/// A person or a workgroup.
public struct User: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name shown to others.
    public var name: String
    /// The address; only in a user's own full form.
    public var email: String?

    /// Creates a user.
    public init(id: EntityID, name: String, email: String? = nil) {
        self.id = id
        self.name = name
        self.email = email
    }

    /// Reads the full or the compact form.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        email = fields.text("Email")
    }
}
