import Foundation
public import SystemPackage

/// A new directory below the system's directory for temporary files, removed with all it holds by `remove()` or when
/// the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// Where it is; no symbolic link is part of the path.
    public let path: FilePath

    /// Creates a directory whose name starts with `prefix`.
    public init(prefix: String = "basespacefs-test") throws {
        let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        let url = parent.appendingPathComponent("\(prefix)-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(
            at: url,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        path = FilePath(url.path)
    }

    deinit {
        remove()
    }

    /// Removes the directory and all it holds. A second call does nothing.
    public func remove() {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// The path of a file in the directory, which need not exist.
    public func file(_ name: String) -> FilePath {
        path.appending(name)
    }

    /// Writes a file into the directory and returns its path.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> FilePath {
        let path = file(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path.string))
        return path
    }
}
