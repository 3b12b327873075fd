internal import FoundationEssentials
public import HTTPTransport

/// The calls that get a token for who has none. They are those of Illumina's SDKs: OAuth's device flow as it was before
/// RFC 8628, with a password of the app.
///
/// Replies are bare objects, and failures `{"error": …, "error_description": …}`; neither has v1's envelope.
public struct DeviceAuthorization: Sendable {
    private let server: HTTPURL
    private let transport: HTTPClient

    /// Creates a caller; nothing is sent yet.
    ///
    /// - Parameter server: The API's root.
    public init(server: HTTPURL, transport: HTTPClient) {
        self.server = server
        self.transport = transport
    }

    /// Begins a login.
    ///
    /// - Parameters:
    ///   - clientID: What the app is registered as.
    ///   - scope: The rights to ask for, as in `browse global, read project 12`; empty for the user's name alone.
    public func requestDeviceCode(clientID: String, scope: String) async throws(BaseSpaceError) -> DeviceCode {
        try await post(
            ["v1pre3", "oauthv2", "deviceauthorization"],
            [("client_id", clientID), ("response_type", "device_code"), ("scope", scope)],
            secrets: []
        )
    }

    /// Asks whether the user has answered.
    ///
    /// - Throws: When the service can't be asked, or fails otherwise than by saying how far the login is: an app that it
    ///   doesn't know, for example.
    public func pollDeviceToken(
        _ code: DeviceCode,
        clientID: String,
        clientSecret: Secret
    ) async throws(BaseSpaceError) -> DeviceLogin {
        do throws(BaseSpaceError) {
            let granted: Granted = try await post(
                ["v1pre3", "oauthv2", "token"],
                [
                    ("client_id", clientID), ("client_secret", clientSecret.withSecret { $0 }),
                    ("code", code.deviceCode.withSecret { $0 }), ("grant_type", "device"),
                ],
                secrets: [clientSecret, code.deviceCode]
            )
            return .granted(granted.token)
        } catch {
            switch error.code {
            case "authorization_pending": return .pending
            case "slow_down": return .tooFast
            case "access_denied": return .denied
            // Which of the two the service says is not known.
            case "expired_token", "invalid_grant": return .expired
            default: throw error
            }
        }
    }

    /// A POST of a form. It is repeated only when the service surely did nothing: a code is good for one token.
    private func post<Value: Decodable>(
        _ segments: [String],
        _ form: [(String, String)],
        secrets: [Secret]
    ) async throws(BaseSpaceError) -> Value {
        let call = Endpoint.create(segments).description
        let response: HTTPResponse
        do throws(HTTPTransportError) {
            let headers: HTTPHeaders = [
                "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json",
            ]
            let body = HTTPBody.bytes(Self.encoded(form))
            let url = try server.appending(segments: segments)
            let request = HTTPRequest(.post, url, headers: headers, body: body)
            response = try await transport.response(to: request, retrying: .notSent)
        } catch {
            throw BaseSpaceError(error, endpoint: call)
        }
        guard (200..<300).contains(response.status) else {
            throw BaseSpaceError(response, endpoint: call) { words in
                secrets.reduce(words) { words, secret in
                    secret.withSecret { $0.isEmpty ? words : words.replacing($0, with: "<secret>") }
                }
            }
        }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(response.body))
        } catch {
            throw BaseSpaceError(error, endpoint: call)
        }
    }

    /// `application/x-www-form-urlencoded`, with `%20` for blanks, which is read everywhere as `+` is.
    static func encoded(_ form: [(String, String)]) -> [UInt8] {
        func escaped(_ text: String) -> String {
            text.utf8.map { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    String(Unicode.Scalar(byte))
                default:
                    (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
                }
            }.joined()
        }
        return Array(form.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&").utf8)
    }
}

/// The reply that has the token. `expires_in` may be in it; Illumina's documentation says that tokens don't expire.
private struct Granted: Decodable {
    let token: AccessToken

    init(from decoder: any Decoder) throws {
        let text: String = try Fields(decoder).value("access_token")
        guard let token = try? AccessToken(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath + [Fields.Key("access_token")], debugDescription: "no token")
            )
        }
        self.token = token
    }
}
