/// What the service tells about a token: whose it is and what it may do. The reply repeats the token; it is not kept.
///
/// The fields are those of Illumina's SDKs.
public struct TokenInfo: Sendable, Hashable, Decodable {
    /// The id of the token, which is no secret.
    public var id: EntityID?
    /// The rights, as the service lists them: `READ PROJECT 12`, `BROWSE GLOBAL`.
    public var scopes: [String]
    /// The app that asked for the token.
    public var application: Application?
    /// The user or workgroup whose data it opens.
    public var user: User?
    /// The service's word for its state.
    public var status: String?
    /// When it was made.
    public var created: Timestamp?

    /// Creates a description of a token.
    public init(
        id: EntityID? = nil,
        scopes: [String],
        application: Application? = nil,
        user: User? = nil,
        status: String? = nil,
        created: Timestamp? = nil
    ) {
        self.id = id
        self.scopes = scopes
        self.application = application
        self.user = user
        self.status = status
        self.created = created
    }

    /// Reads the reply of the introspection. `Scopes` is what it is asked for, so it has to be there.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        id = try? fields.id()
        scopes = try fields.array("Scopes")
        application = try? fields.value("Application")
        user = try? fields.value("UserResourceOwner")
        status = fields.text("Status")
        created = fields.timestamp("DateCreated")
    }
}
