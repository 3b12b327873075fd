/// What begins a login without a browser on this machine: a code for the user to type elsewhere, and one for asking
/// whether that happened.
public struct DeviceCode: Sendable, Equatable {
    /// The page on which the user types the code.
    public var verificationURL: String
    /// The same with the code filled in.
    public var verificationURLWithCode: String
    /// The code for the user: some letters and digits, presumably told apart by case.
    public var userCode: String
    /// The code for the app.
    public var deviceCode: Secret
    /// How long both codes are good.
    public var lifetime: Duration
    /// The least time between two questions.
    public var interval: Duration
}

extension DeviceCode: Decodable {
    /// Reads the reply, a bare object. (SDK)
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        verificationURL = try fields.value("verification_uri")
        verificationURLWithCode = fields.text("verification_with_code_uri") ?? verificationURL
        userCode = try fields.value("user_code")
        deviceCode = Secret(try fields.value("device_code"))
        // What is missing: half an hour, as the service has it, and five seconds, as RFC 8628 has it.
        lifetime = .seconds(min(max(fields.integer("expires_in") ?? 1_800, 0), 86_400))
        interval = .seconds(min(max(fields.integer("interval") ?? 5, 1), 60))
    }
}

/// How far a login is.
public enum DeviceLogin: Sendable, Equatable {
    /// The user has not answered yet: ask again after the interval.
    case pending
    /// The same, and the interval is too short. (RFC 8628; not seen of the service)
    case tooFast
    /// The user said no.
    case denied
    /// The codes are too old, or are not known (any more).
    case expired
    /// Here is the token.
    case granted(AccessToken)
}
