/// Puts a response's head together from the lines that libcurl hands over one by one, interim responses included.
struct HeadParser {
    private var head: HTTPResponseHead?
    private var isDone = false

    /// Takes a line with its end. Returns the head after its last line, once; trailer fields are passed over.
    mutating func take(_ line: UnsafeRawBufferPointer) -> HTTPResponseHead? {
        guard !isDone else { return nil }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            head = HTTPResponseHead(status: Self.status(of: text))
        } else if text.allSatisfy(\.isNewline) {
            // 100 Continue and 103 Early Hints are followed by the head that counts.
            guard let head, head.status >= 200 else { return nil }
            isDone = true
            return head
        } else if let colon = text.firstIndex(of: ":") {
            head?.headers.add(String(text[..<colon]), Self.trim(text[text.index(after: colon)...]))
        }
        return nil
    }

    private static func status(of line: String) -> Int {
        let words = line.split(separator: " ", maxSplits: 2)
        return words.count > 1 ? Int(words[1].prefix(3)) ?? 0 : 0
    }

    private static func trim(_ text: Substring) -> String {
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(text[...last].drop { $0.isWhitespace })
    }
}
