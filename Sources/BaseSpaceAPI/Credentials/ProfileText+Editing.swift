/// Changes of single keys. They touch nothing but the lines of these keys in the section that counts.
extension ProfileText {
    /// The text with another value for a key.
    ///
    /// Of several lines with the key the last one counts, gets the value and keeps its quotes and its comment; the
    /// others go, since what they hold may be a secret. Without such a line there is a new one at the end of the section.
    func setting(_ key: String, to value: String) -> [UInt8] {
        let places = entries.filter { $0.entry.key == key.lowercased() }
        guard let last = places.last else { return adding(key, value) }
        var edits = places.dropLast().map { removal(of: $0.line, $0.entry) }
        // A comment that stood in the place of the value would become a part of it.
        let touchesComment = last.entry.comment?.lowerBound == last.entry.value.upperBound
        edits.append((last.entry.value, Array((touchesComment ? value + " " : value).utf8)))
        return applying(edits)
    }

    /// The text without a key. Comments behind its values stay.
    func removing(_ key: String) -> [UInt8] {
        applying(entries.filter { $0.entry.key == key.lowercased() }.map { removal(of: $0.line, $0.entry) })
    }

    /// Whether a value is read as it is written, by this program and by others, whatever they take for a comment, a quote
    /// or a variable. These are the characters of tokens (RFC 6750) and of URLs without a query.
    static func canHold(_ value: String) -> Bool {
        !value.isEmpty
            && value.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-._~+/=:[]".utf8.contains(byte)
            }
            && value.first != "[" && value.first != "="
    }

    private typealias Edit = (range: Range<Int>, bytes: [UInt8])

    private func applying(_ edits: [Edit]) -> [UInt8] {
        var result = bytes
        for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            result.replaceSubrange(edit.range, with: edit.bytes)
        }
        return result
    }

    private func removal(of line: Int, _ entry: Entry) -> Edit {
        guard let comment = entry.comment else { return (lines[line].range, []) }
        return (lines[line].range.lowerBound..<comment.lowerBound, [])
    }

    /// How long `accessToken` is: values stand below each other, as `bs` writes them.
    private static let keyWidth = 11

    private func adding(_ key: String, _ value: String) -> [UInt8] {
        let place = lines.lastIndex { line in
            guard line.isOwn else { return false }
            switch line.content {
            case .section, .entry: return true
            case .nothing, .malformed: return false
            }
        }
        let newline = lines.first { !$0.end.isEmpty }.map { Array(bytes[$0.end]) } ?? [UInt8(ascii: "\n")]
        let before = place ?? lines.indices.last
        // The line before it may be the last one, and have no end.
        var added = before.map { lines[$0].end.isEmpty } == true ? newline : []
        if place == nil {
            added += (before == nil ? [] : newline) + Array("[DEFAULT]".utf8) + newline
        }
        let padding = String(repeating: " ", count: max(0, Self.keyWidth - key.utf8.count))
        added += Array("\(key)\(padding) = \(value)".utf8) + newline
        let position = before.map { lines[$0].range.upperBound } ?? bytes.count
        return applying([(position..<position, added)])
    }
}
