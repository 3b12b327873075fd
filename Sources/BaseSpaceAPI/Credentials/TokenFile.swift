import Glibc
import SystemPackage

/// The file that a token was read from. It may have another one after the next login.
public struct TokenFile: Sendable {
    private let path: FilePath
    private let isProfile: Bool

    /// - Parameter path: It may be relative to the working directory of this moment.
    init(_ path: FilePath, isProfile: Bool) throws(CredentialsError) {
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
    }

    /// The token that is in the file now; `nil` when there is none. Blocks the thread.
    func token() throws(CredentialsError) -> AccessToken? {
        guard let text = try SecretFile.text(at: path) else { return nil }
        let token = isProfile ? try Profile(parsing: text, path: path).token : String(text.trimmingWhitespace())
        guard let token, !token.isEmpty else { return nil }
        do throws(CredentialsError) {
            return try AccessToken(token)
        } catch {
            throw CredentialsError("\(path): \(error)")
        }
    }
}
