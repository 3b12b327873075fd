internal import Glibc
public import HTTPTransport
public import SystemPackage

/// A profile as `login` and `logout` see it: a file that need not exist yet, and of which two keys are theirs.
///
/// Both read it anew, change these keys and leave every other byte as it was. Nothing is written when that fails.
public struct ProfileFile: Sendable {
    /// Where it is, or is going to be.
    public let path: FilePath
    /// How to speak of it: `profile default`.
    public let title: String
    /// The name without `.cfg`, or the path, as the user wrote it.
    public let name: String
    private let isNamed: Bool

    /// The profile of a name or a path.
    ///
    /// - Parameters:
    ///   - profile: `NAME`, `NAME.cfg` or a path; `nil` means `default`.
    ///   - environment: `HOME` is where profiles are.
    public init(_ profile: String?, environment: [String: String]) throws(CredentialsError) {
        let profile = profile ?? ProfileStore.standardName
        (path, title) = try ProfileStore(environment: environment).locate(profile)
        isNamed = !profile.contains("/")
        name = isNamed && profile.hasSuffix(".cfg") ? String(profile.dropLast(4)) : profile
    }

    /// What is in a profile that has to do with logging in.
    public struct Content: Sendable {
        /// The server, as written.
        public let server: String?
        /// Whether there is a token.
        public let hasToken: Bool
        /// The id of the app to log in as.
        public let clientID: String?
        /// That app's secret.
        public let clientSecret: Secret?
        /// The token, as written.
        let token: String?
    }

    /// What is in it; nothing when there is no such file.
    public func content() throws(CredentialsError) -> Content {
        let profile = try Profile(text(), path: path)
        return Content(
            server: profile.server,
            hasToken: profile.token != nil,
            clientID: profile.clientID,
            clientSecret: profile.clientSecret,
            token: profile.token
        )
    }

    /// The server to log in at, and who says so: the option, `BASESPACE_API_SERVER`, the profile, or nobody.
    public func server(
        option: String?,
        environment: [String: String]
    ) throws(CredentialsError) -> (url: HTTPURL, origin: Credentials.Origin) {
        let request = Credentials.Request(server: option, environment: environment)
        let said = Credentials.saidServer(request)
        let (text, origin) =
            if let said {
                said
            } else if let server = try content().server {
                (server, Credentials.Origin.profile(title))
            } else {
                (Credentials.standardServer, Credentials.Origin.standard)
            }
        return (try Credentials.server(text, from: origin), origin)
    }

    /// Finds out what can be found out before there is a token to write: whether files can be made there.
    public func checkWritable() throws(CredentialsError) {
        var directory = try SecretFile.target(of: path).removingLastComponent()
        if isNamed, access(directory.string, F_OK) != 0 { directory.removeLastComponent() }
        guard access(directory.isEmpty ? "." : directory.string, W_OK | X_OK) == 0 else {
            throw CredentialsError("can't write \(path): \(directory): \(Errno(rawValue: errno))")
        }
    }

    /// Writes server and token. Makes the file and its directory where there are none; nobody else can read either.
    public func logIn(server: HTTPURL, token: AccessToken) throws(CredentialsError) {
        let secret = token.withSecret { $0 }
        guard ProfileText.canHold(secret) else {
            throw CredentialsError(
                "\(title) can't hold this token, which has characters that mean something else there: "
                    + "put it into a file (chmod 600) and give that with --access-token-file"
            )
        }
        guard ProfileText.canHold(server.string) else {
            throw CredentialsError("\(title) can't hold this server's URL: leave out what is behind its path")
        }
        if isNamed {
            try SecretFile.makeDirectory(path.removingLastComponent())
        }
        var text = try text()
        if try Profile(text, path: path).server.flatMap({ try? Credentials.server($0, from: .standard) }) != server {
            text = ProfileText(text.setting("apiServer", to: server.string))
        }
        text = ProfileText(text.setting("accessToken", to: secret))
        try SecretFile.replace(path, with: text.bytes)
    }

    /// Removes the token.
    ///
    /// - Returns: false when there was none; nothing is written then.
    public func logOut() throws(CredentialsError) -> Bool {
        let text = try text()
        guard text.entries.contains(where: { $0.entry.key == "accesstoken" && !$0.entry.value.isEmpty }) else {
            return false
        }
        _ = try Profile(text, path: path)
        try SecretFile.replace(path, with: text.removing("accessToken"))
        return true
    }

    /// Server and token of this profile and nothing else; `nil` without a token.
    public func credentials() throws(CredentialsError) -> Credentials? {
        let content = try content()
        guard let token = content.token else { return nil }
        let origin = Credentials.Origin.profile(title)
        do throws(CredentialsError) {
            return Credentials(
                server: try Credentials.server(content.server ?? Credentials.standardServer, from: origin),
                serverOrigin: content.server == nil ? .standard : origin,
                token: try AccessToken(token),
                tokenOrigin: origin
            )
        } catch {
            throw CredentialsError("\(title): \(error)")
        }
    }

    private func text() throws(CredentialsError) -> ProfileText {
        ProfileText(try SecretFile.bytes(at: path) ?? [])
    }
}
