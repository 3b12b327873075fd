/// An app that is registered with the service.
public struct Application: Sendable, Hashable, Decodable {
    /// The id; each version of an app has its own.
    public var id: EntityID
    /// The name, without the version.
    public var name: String
    /// The version, as in `1.0.0`.
    public var version: String?
    /// Who made it.
    public var company: String?
    /// The service's link to it.
    public var href: String?

    /// Creates an application.
    public init(
        id: EntityID,
        name: String,
        version: String? = nil,
        company: String? = nil,
        href: String? = nil
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.company = company
        self.href = href
    }

    /// Reads the full or the compact form (live recordings).
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try fields.id()
        name = fields.text("Name") ?? id.rawValue
        version = fields.text("VersionNumber")
        company = fields.text("CompanyName")
        href = fields.text("Href")
    }
}
