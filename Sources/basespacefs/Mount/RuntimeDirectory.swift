import Glibc
import SystemPackage

/// Directories for what lives as long as a mount.
enum RuntimeDirectory {
    /// Where the records of a user's mounts are. It follows from the user alone, not from the environment, so that
    /// `unmount` finds what a batch job's mount wrote.
    static func records(of user: uid_t) -> FilePath {
        if user == 0 { return "/run/basespacefs" }
        let own = FilePath("/run/user/\(user)")
        return isPrivate(own, of: user) ? own.appending("basespacefs") : FilePath("/tmp/basespacefs-\(user)")
    }

    /// Makes sure that a directory exists and that nobody else can put things into it.
    static func makePrivate(_ path: FilePath) throws(Errno) {
        if mkdir(path.string, 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
        guard isPrivate(path, of: geteuid()) else { throw .permissionDenied }
    }

    /// A new directory, readable by this user alone, under `$XDG_RUNTIME_DIR` or /tmp.
    static func makeTemporary() throws(CommandFailure) -> FilePath {
        let parent = ProcessEnvironment.value("XDG_RUNTIME_DIR").map { FilePath($0) } ?? "/tmp"
        for directory in [parent, "/tmp"] {
            var template = Array(directory.appending("basespacefs-XXXXXX").string.utf8CString)
            if let made = mkdtemp(&template) {
                return FilePath(platformString: made)
            }
        }
        throw CommandFailure("can't make a directory in \(parent) nor in /tmp: \(Errno(rawValue: errno))")
    }

    private static func isPrivate(_ path: FilePath, of user: uid_t) -> Bool {
        var status = stat()
        return lstat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == user
            && status.st_mode & 0o022 == 0
    }
}
