import Glibc
import SystemPackage

/// Files that hold a token are replaced as a whole: whoever reads one meets the old text or the new one, and so does the
/// machine after a crash.
extension SecretFile {
    /// Puts a file with this text, of mode 0600, in the place of a file. A symbolic link stays, and what it leads to is
    /// replaced. When that fails, the old file is as it was.
    static func replace(_ path: FilePath, with bytes: [UInt8]) throws(CredentialsError) {
        let path = try target(of: path)
        let directory = path.removingLastComponent()
        let name = path.lastComponent?.string ?? "profile"
        // It does not end like a profile, so that one which a killed process leaves is not taken for one.
        let temporary = directory.appending(".\(name).\(UInt64.random(in: 0 ... .max))")
        do throws(Errno) {
            try write(bytes, to: temporary, inPlaceOf: path)
            guard rename(temporary.string, path.string) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(temporary.string)
            throw CredentialsError("can't write \(path): \(error); nothing was changed")
        }
        // The name is on disk once the directory is. The new text is in its place already, whatever is answered here.
        let descriptor = open(directory.isEmpty ? "." : directory.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Makes the directory of profiles, unless it is there. One that root makes in a user's directory is the user's.
    static func makeDirectory(_ path: FilePath) throws(CredentialsError) {
        do throws(Errno) {
            guard mkdir(path.string, 0o700) == 0 else {
                guard errno == EEXIST else { throw Errno(rawValue: errno) }
                return
            }
            guard let owner = owner(ofNew: path) else { return }
            // Not what a link leads to that has taken its place meanwhile.
            let descriptor = open(path.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { throw Errno(rawValue: errno) }
            defer { close(descriptor) }
            guard fchown(descriptor, owner.user, owner.group) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            throw CredentialsError("can't make \(path): \(error); nothing was changed")
        }
    }

    /// Whose something new has to be: what root makes in a user's directory is for that user, who has to be able to read
    /// it. `nil` when it is right as it is made.
    private static func owner(ofNew path: FilePath) -> (user: uid_t, group: gid_t)? {
        let directory = path.removingLastComponent()
        var status = stat()
        guard geteuid() == 0, stat(directory.isEmpty ? "." : directory.string, &status) == 0, status.st_uid != 0 else {
            return nil
        }
        return (status.st_uid, status.st_gid)
    }

    private static func write(
        _ bytes: [UInt8],
        to path: FilePath,
        inPlaceOf old: FilePath
    ) throws(Errno) {
        let descriptor = open(path.string, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        defer { close(descriptor) }
        // The umask may have taken away the user's own rights.
        guard fchmod(descriptor, 0o600) == 0 else { throw Errno(rawValue: errno) }
        // Root may change a user's profile, who has to be able to read it still.
        var status = stat()
        let isThere = stat(old.string, &status) == 0
        let owner = isThere ? (status.st_uid, status.st_gid) : owner(ofNew: old)
        if let owner, owner.0 != geteuid() {
            guard fchown(descriptor, owner.0, owner.1) == 0 else { throw Errno(rawValue: errno) }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Errno(rawValue: count == 0 ? EIO : errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
    }

    /// How many links the kernel follows.
    private static let mostLinks = 40

    /// The file that a path leads to, which need not exist.
    static func target(of path: FilePath) throws(CredentialsError) -> FilePath {
        var path = path
        for _ in 0..<mostLinks {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(path.string, &buffer, buffer.count - 1)
            guard count > 0 else { return path }
            let target = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // What is absolute replaces all of it.
            path = path.removingLastComponent().pushing(FilePath(target))
        }
        throw CredentialsError("can't write \(path): \(Errno.tooManySymbolicLinkLevels)")
    }
}
