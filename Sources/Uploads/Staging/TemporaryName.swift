/// Names of files that are for here only until they are renamed: temporary files of rsync and of editors.
public enum TemporaryName {
    /// Whether a component of a path begins with a dot.
    public static func isPart(of path: String) -> Bool {
        path.split(separator: "/").contains { $0.utf8.first == UInt8(ascii: ".") }
    }
}
