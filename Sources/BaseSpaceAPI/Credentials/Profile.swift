import SystemPackage

/// What a profile says: the file that `bs` and BaseMount keep for each account, `~/.basespace/NAME.cfg`.
///
/// It is an INI file whose section `[DEFAULT]` holds `apiServer` and `accessToken`:
///
///     [DEFAULT]
///     apiServer   = https://api.basespace.illumina.com
///     accessToken = 0123456789abcdef0123456789abcdef
///
/// and, where somebody put them there, the id and the secret of an app for logging in.
struct Profile: Equatable {
    /// `apiServer`, as written; `nil` when absent or empty.
    var server: String?
    /// `accessToken`, as written; `nil` when absent or empty.
    var token: String?
    /// `clientId`, or `clientKey`, as Illumina's own configurations call it.
    var clientID: String?
    /// `clientSecret`.
    var clientSecret: Secret?

    /// Reads the text of a profile; `path` names it in errors.
    init(parsing text: String, path: FilePath) throws(CredentialsError) {
        try self.init(ProfileText(Array(text.utf8)), path: path)
    }

    /// Reads a text that is taken apart already.
    ///
    /// No error quotes a line: the line may hold the token.
    init(_ text: ProfileText, path: FilePath) throws(CredentialsError) {
        for (index, line) in text.lines.enumerated() {
            if case .malformed(let expected) = line.content {
                throw CredentialsError("\(path), line \(index + 1): \(expected)")
            }
        }
        for (_, entry) in text.entries {
            let value = entry.value.isEmpty ? nil : String(decoding: text.bytes[entry.value], as: UTF8.self)
            switch entry.key {
            case "apiserver": server = value
            case "accesstoken": token = value
            case "clientid", "clientkey": clientID = value
            case "clientsecret": clientSecret = value.map { Secret($0) }
            default: break
            }
        }
    }
}

extension StringProtocol where SubSequence == Substring {
    /// The text without white space at either end.
    func trimmingWhitespace() -> Substring {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
