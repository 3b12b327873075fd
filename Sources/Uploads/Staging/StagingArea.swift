internal import BaseSpaceAPI
internal import FoundationEssentials
internal import Glibc
public import SystemPackage

/// The local directory in which files wait until they are uploaded.
///
/// It belongs to one user (0700 when it is created here, its files 0600) and holds the only copy of what programs
/// wrote, so nothing is ever deleted from it but the files that were made through it, one by one, on request, and empty
/// ones that never came into the journal (`Journal.adopt`).
public final class StagingArea: Sendable {
    /// Where the files lie.
    public let directory: FilePath

    /// Opens the directory; creates it, and the ones above it, when it is missing.
    ///
    /// - Throws: `stagingUnavailable` when it can't be created, is no directory or can't be written to.
    public init(directory: FilePath) throws(UploadError) {
        self.directory = directory
        do throws(Errno) {
            try Self.prepare(directory)
        } catch {
            throw UploadError(stagingDirectory: directory, error: error)
        }
    }

    /// Makes an empty file whose name on disk lets a human recognise it.
    ///
    /// - Parameter name: The name that the file has in the mount.
    public func makeFile(named name: String) throws(Errno) -> StagedFile {
        let path = directory.appending(StagedName.make(for: name))
        let descriptor = try SystemCall.perform {
            path.withPlatformString { open($0, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600) }
        }
        return StagedFile(descriptor: descriptor, path: path)
    }

    /// Opens a file of an earlier process.
    ///
    /// - Parameters:
    ///   - serial: The file's name on disk, as `StagedFile.serial` and `files(in:)` tell it.
    ///   - isSealed: Whether it is known to be what its writer meant to write.
    /// - Returns: The file with size and time as they are on disk, all of it version 1, and nothing of it uploaded.
    /// - Throws: `noSuchFileOrDirectory` when there is none; `invalidArgument` for what is no name of a staged file, or
    ///   no plain file; what the disk says.
    public func openFile(_ serial: String, isSealed: Bool) throws(Errno) -> StagedFile {
        guard StagedName.isSerial(serial) else { throw .invalidArgument }
        let path = directory.appending(serial)
        let descriptor = try SystemCall.perform {
            path.withPlatformString { open($0, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        }
        do throws(Errno) {
            var status = stat()
            try SystemCall.perform { fstat(descriptor, &status) }
            guard status.st_mode & S_IFMT == S_IFREG else { throw .invalidArgument }
            return StagedFile(
                descriptor: descriptor,
                path: path,
                contents: StagedContents(existing: Int64(status.st_size), isSealed: isSealed),
                modified: Timestamp(
                    seconds: Int64(status.st_mtim.tv_sec),
                    nanoseconds: Int32(status.st_mtim.tv_nsec)
                )
            )
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Deletes a file that nobody has open here, if it is there.
    public func removeFile(_ serial: String) {
        guard StagedName.isSerial(serial) else { return }
        _ = directory.appending(serial).withPlatformString { unlink($0) }
    }

    /// What lies in a staging area: the size in bytes and the mtime of each file that was staged there, by its serial. What
    /// else is there is nobody's business.
    static func files(in directory: FilePath) -> [String: (size: Int64, modified: Timestamp)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.string)) ?? []
        var files: [String: (size: Int64, modified: Timestamp)] = [:]
        for name in names where StagedName.isSerial(name) {
            var status = stat()
            guard directory.appending(name).withPlatformString({ lstat($0, &status) }) == 0,
                status.st_mode & S_IFMT == S_IFREG
            else { continue }
            let modified = Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec))
            files[name] = (Int64(status.st_size), modified)
        }
        return files
    }

    /// The space of the file system below, in blocks of `blockSize` bytes; `free` is what an ordinary user may fill.
    /// All zero when the directory has become unreachable.
    public func statistics() -> (blockSize: UInt32, blocks: UInt64, free: UInt64) {
        var statistics = statvfs()
        guard directory.withPlatformString({ statvfs($0, &statistics) }) == 0 else { return (0, 0, 0) }
        return (UInt32(clamping: statistics.f_frsize), UInt64(statistics.f_blocks), UInt64(statistics.f_bavail))
    }

    /// Makes sure that a directory of this user exists and can be written to.
    static func prepare(_ directory: FilePath) throws(Errno) {
        var status = stat()
        do throws(Errno) {
            try SystemCall.perform { directory.withPlatformString { stat($0, &status) } }
        } catch .noSuchFileOrDirectory {
            try create(directory)
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .notDirectory }
        try SystemCall.perform { directory.withPlatformString { access($0, W_OK | X_OK) } }
    }

    private static func create(_ directory: FilePath) throws(Errno) {
        func make() throws(Errno) {
            do throws(Errno) {
                try SystemCall.perform { directory.withPlatformString { mkdir($0, 0o700) } }
            } catch .fileExists {
                // Somebody else was faster.
            }
        }
        do throws(Errno) {
            try make()
        } catch .noSuchFileOrDirectory {
            let parent = directory.removingLastComponent()
            guard !parent.isEmpty, parent != directory else { throw .noSuchFileOrDirectory }
            try create(parent)
            try make()
        }
    }
}
