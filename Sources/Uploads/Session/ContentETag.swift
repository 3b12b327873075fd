/// What an ETag says about the bytes behind it.
enum ContentETag: Hashable, Sendable {
    /// The MD5 of the bytes: objects that were stored in one piece.
    case md5(String)
    /// The MD5 of the parts' MD5s, and the number of parts: objects that were put together from parts.
    case multipart(String, parts: Int)
    /// Nothing that could be compared.
    case opaque

    /// Whether both were made from bytes in the same way, so that they differ only if the bytes do.
    func isComparable(with other: ContentETag) -> Bool {
        switch (self, other) {
        case (.md5, .md5): true
        case (.multipart(_, let parts), .multipart(_, let others)): parts == others
        default: false
        }
    }

    /// Reads an ETag, with or without its quotes, in either case.
    init(_ text: String) {
        let bare = text.trimming("\"").lowercased()
        let pieces = bare.split(separator: "-", omittingEmptySubsequences: false)
        guard let digest = pieces.first, digest.utf8.count == 32, digest.allSatisfy(\.isHexDigit) else {
            self = .opaque
            return
        }
        if pieces.count == 1 {
            self = .md5(bare)
        } else if pieces.count == 2, let parts = Int(pieces[1]), parts > 0 {
            self = .multipart(String(digest), parts: parts)
        } else {
            self = .opaque
        }
    }
}

extension String {
    fileprivate func trimming(_ character: Character) -> Substring {
        var text = self[...]
        while text.first == character { text.removeFirst() }
        while text.last == character { text.removeLast() }
        return text
    }
}
