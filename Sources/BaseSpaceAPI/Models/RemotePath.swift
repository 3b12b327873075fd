/// The path of a file inside its container, cut at its last slash: neighbours in a list share the text of their directory.
public struct RemotePath: Hashable, Sendable {
    /// What stands before the last slash; `nil` in a path without one.
    public let directory: String?
    /// What stands behind it.
    public let leaf: String

    /// Cuts a path, which comes back from `text` as it was.
    public init(_ text: String) {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            self.init(directory: nil, leaf: text)
            return
        }
        self.init(directory: String(text[..<slash]), leaf: String(text[text.utf8.index(after: slash)...]))
    }

    init(directory: String?, leaf: String) {
        self.directory = directory
        self.leaf = leaf
    }

    /// The last component that is not empty; `nil` if there is none.
    var lastComponent: String? {
        text.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) }
    }

    /// The whole path.
    public var text: String {
        guard let directory else { return leaf }
        return directory + "/" + leaf
    }
}
