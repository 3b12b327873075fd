import SystemPackage

/// What a profile says: the file that `bs` and BaseMount keep for each account, `~/.basespace/NAME.cfg`.
///
/// It is an INI file whose section `[DEFAULT]` holds `apiServer` and `accessToken`:
///
///     [DEFAULT]
///     apiServer   = https://api.basespace.illumina.com
///     accessToken = 0123456789abcdef0123456789abcdef
///
/// Other programs write it too, so everything here that is not understood but well formed is left alone: further
/// sections (BaseMount's `[BSFS]`), further keys, comments, quotes, Windows line ends.
struct Profile: Equatable {
    /// `apiServer`, as written; `nil` when absent or empty.
    var server: String?
    /// `accessToken`, as written; `nil` when absent or empty.
    var token: String?

    /// Reads the text of a profile; `path` names it in errors.
    ///
    /// No error quotes a line: the line may hold the token.
    init(parsing text: String, path: FilePath) throws(CredentialsError) {
        var section = Self.ownSection
        let body = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        for (index, rawLine) in body.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = rawLine.trimmingWhitespace()
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") {
                continue
            }
            if line.hasPrefix("[") {
                guard let end = line.firstIndex(of: "]") else {
                    throw CredentialsError("\(path), line \(index + 1): a section's name ends with ]")
                }
                section = line[line.index(after: line.startIndex)..<end].trimmingWhitespace().lowercased()
                continue
            }
            guard let separator = line.firstIndex(where: { $0 == "=" || $0 == ":" }), separator != line.startIndex
            else {
                throw CredentialsError(
                    "\(path), line \(index + 1): expected `key = value`, a [section] or a # comment"
                )
            }
            if section == Self.ownSection {
                set(
                    key: line[..<separator].trimmingWhitespace().lowercased(),
                    to: Self.value(line[line.index(after: separator)...])
                )
            }
        }
    }

    /// The section that counts, and the one that lines before any section belong to.
    private static let ownSection = "default"

    private mutating func set(key: String, to value: String?) {
        switch key {
        case "apiserver": server = value
        case "accesstoken": token = value
        default: break
        }
    }

    /// A value without the comment behind it and without its quotes. Neither servers nor tokens contain white space,
    /// so a `#` or `;` behind white space starts a comment.
    private static func value(_ text: Substring) -> String? {
        var value = text.trimmingWhitespace()
        if let quote = value.first, quote == "\"" || quote == "'", let end = value.dropFirst().firstIndex(of: quote) {
            value = value[value.index(after: value.startIndex)..<end]
        } else if value.hasPrefix("#") || value.hasPrefix(";") {
            return nil
        } else if let space = value.firstIndex(where: \.isWhitespace) {
            let rest = value[space...].trimmingWhitespace()
            if rest.hasPrefix("#") || rest.hasPrefix(";") {
                value = value[..<space]
            }
        }
        return value.isEmpty ? nil : String(value)
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
