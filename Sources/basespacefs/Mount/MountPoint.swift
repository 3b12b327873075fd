import Glibc
import SystemPackage

/// Directories that something is mounted on.
enum MountPoint {
    /// The absolute path of a mount point that may no longer answer: its own directory is not touched.
    static func locate(_ path: String) throws(CommandFailure) -> FilePath {
        let given = FilePath(path).lexicallyNormalized()
        guard let last = given.lastComponent, last.kind == .regular else {
            guard let resolved = realpath(path, nil) else { throw failure(errno, path) }
            defer { free(resolved) }
            return FilePath(String(cString: resolved))
        }
        let parent = given.removingLastComponent()
        guard let resolved = realpath(parent.isEmpty ? "." : parent.string, nil) else { throw failure(errno, path) }
        defer { free(resolved) }
        return FilePath(String(cString: resolved)).appending(last)
    }

    private static func failure(_ code: CInt, _ path: String) -> CommandFailure {
        CommandFailure("\(path): \(Errno(rawValue: code))")
    }
}
