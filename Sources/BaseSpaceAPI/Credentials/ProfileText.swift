/// The text of a profile, line by line, as bytes: what is changed in it leaves every other byte as it was.
///
/// It is an INI file. Other programs write it too, so everything that is not understood but well formed is let be:
/// further sections (BaseMount's `[BSFS]`), further keys, comments, quotes, line ends of other systems.
struct ProfileText {
    /// A line with a key and a value.
    struct Entry: Equatable {
        /// In lower case.
        var key: String
        /// Where the value is, without quotes and what is around it; empty where there is none.
        var value: Range<Int>
        /// Where the comment behind the value is, from its `#` or `;` on.
        var comment: Range<Int>?
    }

    /// What a line is.
    enum Content: Equatable {
        /// Blank, or a comment.
        case nothing
        /// The beginning of a section; its name in lower case.
        case section(String)
        case entry(Entry)
        /// Something else; what was expected instead.
        case malformed(expected: String)
    }

    /// A line.
    struct Line: Equatable {
        /// Where it is, with its end.
        var range: Range<Int>
        /// Its end: LF, CR LF or CR; empty in a last line without one.
        var end: Range<Int>
        var content: Content
        /// Whether it is in the section that counts.
        var isOwn: Bool
    }

    /// All of it.
    let bytes: [UInt8]
    /// Its lines.
    let lines: [Line]

    /// The section that counts, and the one that lines before any section belong to.
    static let ownSection = "default"

    /// Takes a text apart.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var lines: [Line] = []
        var isOwn = true
        var start = bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
        while start < bytes.count {
            let stop = bytes[start...].firstIndex { $0 == Self.lf || $0 == Self.cr } ?? bytes.count
            var next = min(stop + 1, bytes.count)
            if next < bytes.count, bytes[stop] == Self.cr, bytes[next] == Self.lf { next += 1 }
            let content = Self.content(bytes[start..<stop])
            if case .section(let name) = content { isOwn = name == Self.ownSection }
            lines.append(Line(range: start..<next, end: stop..<next, content: content, isOwn: isOwn))
            start = next
        }
        self.lines = lines
    }

    /// The entries of the section that counts, each with the number of its line.
    var entries: [(line: Int, entry: Entry)] {
        lines.enumerated().compactMap { index, line in
            guard line.isOwn, case .entry(let entry) = line.content else { return nil }
            return (index, entry)
        }
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let (lf, cr) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

    private static func content(_ line: ArraySlice<UInt8>) -> Content {
        let line = line.trimmed
        guard let first = line.first, !first.startsComment else { return .nothing }
        if first == UInt8(ascii: "[") {
            guard let end = line.firstIndex(of: UInt8(ascii: "]")) else {
                return .malformed(expected: "a section's name ends with ]")
            }
            return .section(line[line.startIndex + 1..<end].trimmed.lowercased)
        }
        let separator = line.firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }
        guard let separator, separator != line.startIndex else {
            return .malformed(expected: "expected `key = value`, a [section] or a # comment")
        }
        return .entry(entry(line[..<separator].trimmed.lowercased, line[(separator + 1)...].trimmed))
    }

    /// Neither servers nor tokens contain white space, so a `#` or `;` behind white space starts a comment.
    private static func entry(_ key: String, _ text: ArraySlice<UInt8>) -> Entry {
        guard let first = text.first else { return Entry(key: key, value: text.startIndex..<text.startIndex) }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'"), let end = text.dropFirst().firstIndex(of: first) {
            return Entry(key: key, value: text.startIndex + 1..<end, comment: comment(text[(end + 1)...]))
        }
        if first.startsComment {
            return Entry(key: key, value: text.startIndex..<text.startIndex, comment: text.indices)
        }
        if let space = text.firstIndex(where: \.isBlank), let comment = comment(text[space...]) {
            return Entry(key: key, value: text.startIndex..<space, comment: comment)
        }
        return Entry(key: key, value: text.indices)
    }

    private static func comment(_ text: ArraySlice<UInt8>) -> Range<Int>? {
        let text = text.trimmed
        return text.first?.startsComment == true ? text.indices : nil
    }
}

extension UInt8 {
    fileprivate var startsComment: Bool { self == UInt8(ascii: "#") || self == UInt8(ascii: ";") }

    /// A blank, a tab, or one of the others that C counts as white space.
    fileprivate var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}

extension ArraySlice<UInt8> {
    /// The same without white space at either end. An empty one begins where the last blank ends.
    fileprivate var trimmed: Self {
        guard let first = firstIndex(where: { !$0.isBlank }), let last = lastIndex(where: { !$0.isBlank }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }

    fileprivate var lowercased: String { String(decoding: self, as: UTF8.self).lowercased() }
}
