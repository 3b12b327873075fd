import Glibc
import HTTPTransport
import SystemPackage

/// The file that a token was read from. It may have another one after the next login.
public struct TokenFile: Sendable {
    private let path: FilePath
    private let isProfile: Bool
    private let server: HTTPURL?

    /// What is in the file.
    enum Content {
        /// No token.
        case nothing
        case token(AccessToken)
        /// A profile's token, which is for another server than that which the profile stood for: no other may get it.
        case otherServer(HTTPURL, before: HTTPURL)
    }

    /// - Parameters:
    ///   - path: It may be relative to the working directory of this moment.
    ///   - server: The server that the profile stands for, by naming it or by naming none; `nil` where the server was
    ///     said elsewhere, or the file is no profile.
    init(_ path: FilePath, isProfile: Bool, server: HTTPURL? = nil) throws(CredentialsError) {
        if path.isAbsolute {
            self.path = path
        } else {
            guard let directory = getcwd(nil, 0) else {
                throw CredentialsError("the current directory can't be found: \(Errno(rawValue: errno))")
            }
            defer { free(directory) }
            self.path = FilePath(String(cString: directory)).pushing(path)
        }
        self.isProfile = isProfile
        self.server = server
    }

    /// What is in the file now. Blocks the thread.
    func content() throws(CredentialsError) -> Content {
        guard let text = try SecretFile.text(at: path) else { return .nothing }
        let profile = isProfile ? try Profile(parsing: text, path: path) : nil
        let token = isProfile ? profile?.token : String(text.trimmingWhitespace())
        guard let token, !token.isEmpty else { return .nothing }
        do throws(CredentialsError) {
            if let profile, let server {
                let now = try Credentials.server(profile.server ?? Credentials.standardServer, from: .profile("it"))
                guard now == server else { return .otherServer(now, before: server) }
            }
            return .token(try AccessToken(token))
        } catch {
            throw CredentialsError("\(path): \(error)")
        }
    }
}
