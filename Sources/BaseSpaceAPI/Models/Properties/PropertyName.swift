/// What the service demands of a property's name, checked before it is asked: its own answers are codes such as
/// `BASESPACE.PROPERTIES.NAME_INVALID`. (Tests of Illumina's SDKs)
public enum PropertyName {
    /// In characters.
    private static let longest = 64

    /// What is wrong with a name, in a sentence; `nil` when nothing is.
    public static func fault(in name: String) -> String? {
        guard !name.isEmpty else { return "a property needs a name" }
        guard name.utf16.count <= longest else {
            return "a property's name has at most \(longest) characters, this one has \(name.utf16.count)"
        }
        guard name.unicodeScalars.allSatisfy({ isAlphanumeric($0) || $0 == "-" || $0 == "_" || $0 == "." }) else {
            return "a property's name has letters of the English alphabet, digits, '-', '_' and '.' only"
        }
        guard name.unicodeScalars.first.map(isAlphanumeric) == true else {
            return "a property's name begins with a letter or a digit"
        }
        let segments = name.split(separator: ".", omittingEmptySubsequences: false)
        guard segments.count >= 2, !segments.contains(where: \.isEmpty) else {
            return "a property's name has two parts or more with a '.' between them, as in Study.Patient"
        }
        return nil
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }
}
