public import HTTPTransport
public import SystemPackage

/// The server to speak to and the token to speak with, and where each was found.
///
/// Each of the two is looked for on its own, and the first place that has it wins:
///
/// 1. the command line (`--api-server`, `--access-token-file`),
/// 2. the environment (`BASESPACE_API_SERVER`, `BASESPACE_ACCESS_TOKEN`, the names that `bs` reads),
/// 3. the profile, `~/.basespace/NAME.cfg`.
///
/// A server that no place names is the one in the United States. A profile is opened only when it is named or when
/// something is still missing; the profile `default` may be absent as long as the token comes from elsewhere.
public struct Credentials: Sendable {
    /// The API's root, without a slash at its end.
    public let server: HTTPURL
    /// Where `server` comes from.
    public let serverOrigin: Origin
    /// The token.
    public let token: AccessToken
    /// Where `token` comes from.
    public let tokenOrigin: Origin
    /// The file that `token` was read from, which may have another one later; `nil` when it comes from elsewhere.
    public let tokenFile: TokenFile?

    /// The server of accounts that name no other: North Virginia.
    public static let standardServer = "https://api.basespace.illumina.com"

    /// A place that credentials come from.
    public enum Origin: Hashable, Sendable, CustomStringConvertible {
        /// An option of the command line, by its name (`--access-token-file`).
        case option(String)
        /// A variable of the environment, by its name.
        case environment(String)
        /// A profile, by its name or path.
        case profile(String)
        /// The service itself gave it out a moment ago.
        case login
        /// Nobody said, so it is the usual one.
        case standard

        /// The place in words: `--api-server`, `BASESPACE_ACCESS_TOKEN`, `profile default`, `default`.
        public var description: String {
            switch self {
            case .option(let name), .environment(let name): name
            case .profile(let title): title
            case .login: "the login"
            case .standard: "default"
            }
        }

        /// The command that gets another token for this place, or for the usual one where it can't.
        public var loginCommand: String {
            guard case .profile(let title) = self, title != "profile \(ProfileStore.standardName)" else {
                return "basespacefs login"
            }
            return "basespacefs login \(title.dropFirst("profile ".count))"
        }
    }

    /// What the user said about server and token.
    public struct Request: Sendable {
        /// `--api-server`.
        public var server: String?
        /// `--access-token-file`.
        public var tokenFile: FilePath?
        /// The profile: `NAME`, `NAME.cfg` or a path. `nil` means `default`.
        public var profile: String?
        /// The environment; `HOME` is where profiles are.
        public var environment: [String: String]

        /// Collects what was said.
        public init(
            server: String? = nil,
            tokenFile: FilePath? = nil,
            profile: String? = nil,
            environment: [String: String]
        ) {
            self.server = server
            self.tokenFile = tokenFile
            self.profile = profile
            self.environment = environment
        }
    }

    /// Finds server and token. Errors are one line that says what to do, and never contain the token.
    public init(resolving request: Request) throws(CredentialsError) {
        var serverText: (text: String, origin: Origin)?
        var tokenText: (text: String, origin: Origin)?
        var tokenFile: TokenFile?
        var tokenProfile: FilePath?

        serverText = Self.saidServer(request)
        if let file = request.tokenFile {
            guard let text = try SecretFile.text(at: file) else {
                throw CredentialsError("--access-token-file: there is no file \(file)")
            }
            tokenText = (text, .option("--access-token-file"))
            tokenFile = try TokenFile(file, isProfile: false)
        }
        tokenText = tokenText ?? Self.variable("BASESPACE_ACCESS_TOKEN", of: request)

        if request.profile != nil || serverText == nil || tokenText == nil {
            let profile = try Self.profile(of: request, isNeeded: tokenText == nil)
            if let profile {
                serverText = serverText ?? profile.content.server.map { ($0, .profile(profile.title)) }
                if tokenText == nil, let token = profile.content.token {
                    tokenText = (token, .profile(profile.title))
                    tokenProfile = profile.path
                }
            }
            guard tokenText != nil else {
                let title = profile?.title ?? "profile \(ProfileStore.standardName)"
                throw CredentialsError(
                    "\(title) has no accessToken: log in with `\(Origin.profile(title).loginCommand)`, set "
                        + "BASESPACE_ACCESS_TOKEN or give --access-token-file"
                )
            }
        }

        let (address, serverOrigin) = serverText ?? (Self.standardServer, .standard)
        server = try Self.server(address, from: serverOrigin)
        self.serverOrigin = serverOrigin
        if let tokenProfile {
            let isSaidElsewhere = Self.saidServer(request) != nil
            tokenFile = try TokenFile(tokenProfile, isProfile: true, server: isSaidElsewhere ? nil : server)
        }
        guard let (secret, tokenOrigin) = tokenText else { throw CredentialsError("there is no access token") }
        do throws(CredentialsError) {
            token = try AccessToken(String(secret.trimmingWhitespace()))
        } catch {
            throw CredentialsError("the token from \(tokenOrigin): \(error)")
        }
        self.tokenOrigin = tokenOrigin
        self.tokenFile = tokenFile
    }

    /// Server and token that are known already.
    public init(server: HTTPURL, serverOrigin: Origin, token: AccessToken, tokenOrigin: Origin) {
        self.server = server
        self.serverOrigin = serverOrigin
        self.token = token
        self.tokenOrigin = tokenOrigin
        tokenFile = nil
    }

    /// The server that is named outside of profiles.
    static func saidServer(_ request: Request) -> (text: String, origin: Origin)? {
        request.server.map { ($0, .option("--api-server")) } ?? variable("BASESPACE_API_SERVER", of: request)
    }

    /// A variable of the environment. One that is set to nothing counts as not set.
    private static func variable(_ name: String, of request: Request) -> (text: String, origin: Origin)? {
        guard let value = request.environment[name], !value.trimmingWhitespace().isEmpty else { return nil }
        return (value, .environment(name))
    }

    private static func profile(
        of request: Request,
        isNeeded: Bool
    ) throws(CredentialsError) -> (content: Profile, title: String, path: FilePath)? {
        let store = ProfileStore(environment: request.environment)
        if store.directory == nil, request.profile == nil {
            guard isNeeded else { return nil }
            throw CredentialsError(
                "no access token: set BASESPACE_ACCESS_TOKEN or give --access-token-file "
                    + "(HOME is not set, so there is no profile)"
            )
        }
        let (path, title) = try store.locate(request.profile ?? ProfileStore.standardName)
        guard let text = try SecretFile.text(at: path) else {
            if request.profile == nil {
                guard isNeeded else { return nil }
                throw CredentialsError(
                    "no access token: log in with `basespacefs login`, set BASESPACE_ACCESS_TOKEN or give "
                        + "--access-token-file; \(store.missing(title, path: path))"
                )
            }
            throw CredentialsError(store.missing(title, path: path))
        }
        return (try Profile(parsing: text, path: path), title, path)
    }

    /// A server as people write it: with or without `https://`, with or without a slash at the end.
    static func server(_ text: String, from origin: Origin) throws(CredentialsError) -> HTTPURL {
        var address = text.trimmingWhitespace()
        while address.hasSuffix("/") {
            address = address.dropLast()
        }
        do throws(HTTPTransportError) {
            return try HTTPURL(address.contains("://") ? String(address) : "https://\(address)")
        } catch {
            throw CredentialsError("the server from \(origin): \(error.message)")
        }
    }
}
