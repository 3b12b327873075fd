internal import FoundationEssentials

/// Names of staged files on disk: unique, valid on any file system, recognisable.
enum StagedName {
    /// UUID (36 bytes) and hyphen leave 218 of the 255 bytes that a name may have; the rest is room for the suffix of
    /// whoever copies such a file away.
    static let maximumBytes = 200

    /// `<uuid>-<sanitised name>`, different with each call.
    static func make(for name: String) -> String {
        "\(UUID().uuidString.lowercased())-\(sanitised(name))"
    }

    /// Whether a file of this name may have been made by `make`.
    static func isSerial(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 && !name.contains("/") && UUID(uuidString: String(name.prefix(36))) != nil
    }

    /// The name without what would end it, leave the directory, or upset a terminal, and cut at a character.
    static func sanitised(_ name: String) -> String {
        var result = ""
        for character in name {
            let isSafe = character.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: false
                default: scalar != "/"
                }
            }
            let next: Character = isSafe ? character : "_"
            if result.utf8.count + next.utf8.count > maximumBytes { break }
            result.append(next)
        }
        return result
    }
}
