import Foundation
import SystemPackage

/// A file system of a few megabytes, mounted on a directory of its own. Needs root.
final class SmallDisk: Sendable {
    let directory: CacheDirectory
    var path: FilePath { directory.path }

    /// Whether mounting is allowed here: root may be in a container that isn't.
    static let isPossible = (try? SmallDisk(megabytes: 1)) != nil

    struct NotMounted: Error {}

    init(megabytes: Int) throws {
        directory = try CacheDirectory()
        try Self.run("/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", directory.path.string)
    }

    func remount(_ options: String) throws {
        try Self.run("/bin/mount", "-o", "remount,\(options)", path.string)
    }

    deinit {
        try? Self.run("/bin/umount", "-l", directory.path.string)
    }

    private static func run(_ program: String, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw NotMounted() }
    }
}
