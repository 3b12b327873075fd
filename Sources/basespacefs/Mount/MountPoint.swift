import Glibc
import SystemPackage

/// Directories that something is mounted on.
enum MountPoint {
    /// As many links as the kernel itself follows.
    private static let longestChain = 40

    /// The absolute path of a mount point that may no longer answer: its own directory is not touched. A symbolic link
    /// is followed.
    static func locate(_ path: String, links: Int = longestChain) throws(CommandFailure) -> FilePath {
        let given = FilePath(path).lexicallyNormalized()
        guard let last = given.lastComponent, last.kind == .regular else {
            guard let resolved = realpath(path, nil) else { throw failure(errno, path) }
            defer { free(resolved) }
            return FilePath(String(cString: resolved))
        }
        let parent = given.removingLastComponent()
        guard let resolved = realpath(parent.isEmpty ? "." : parent.string, nil) else { throw failure(errno, path) }
        defer { free(resolved) }
        let found = FilePath(String(cString: resolved)).appending(last)
        guard let target = target(of: found) else { return found }
        guard links > 0 else { throw failure(ELOOP, path) }
        return try locate(found.removingLastComponent().pushing(target).string, links: links - 1)
    }

    /// What a link points at; `nil` for everything else. Of a mount point the kernel knows by itself that it is none.
    private static func target(of path: FilePath) -> FilePath? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard readlink(path.string, &bytes, bytes.count - 1) > 0 else { return nil }
        return FilePath(platformString: bytes)
    }

    private static func failure(_ code: CInt, _ path: String) -> CommandFailure {
        CommandFailure("\(path): \(Errno(rawValue: code))")
    }
}
