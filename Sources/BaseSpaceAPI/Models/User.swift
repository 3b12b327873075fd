/// A person or a workgroup.
public struct User: Sendable, Hashable, Decodable {
    /// The id.
    public var id: EntityID
    /// The name shown to others.
    public var name: String
    /// The address; only in a user's own full form.
    public var email: String?
    /// The service's link to it.
    public var href: String?

    /// Creates a user.
    public init(id: EntityID, name: String, email: String? = nil, href: String? = nil) {
        self.id = id
        self.name = name
        self.email = email
        self.href = href
    }

    /// Reads the full or the compact form.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        email = fields.text("Email")
        href = fields.text("Href")
    }
}
