import Glibc
import SystemPackage

/// Takes a mount out of the tree.
enum Unmounting {
    /// Unmounts what is mounted on a directory as `device`, also while files are open there; does nothing when it is
    /// gone, or something else is mounted in its place. Without a device number it can't tell and tries.
    ///
    /// With `isDead` the connection had ended before. Then somebody has unmounted, and the device number may have been
    /// given to another mount in the same place; or the kernel has aborted the connection, and the mount is still there
    /// and answers ENOTCONN.
    ///
    /// - Returns: Whether it is gone, as far as can be told.
    static func unmount(_ mountPoint: FilePath, device: String?, isDead: Bool) -> Bool {
        if let device, MountTable.current()[mountPoint]?.device != device { return true }
        if isDead && !MountTable.isStale(mountPoint) { return true }
        // Forced, the kernel gives up what waits for an answer, whoever holds the connection open.
        if umount2(mountPoint.string, CInt(MNT_FORCE)) == 0 { return true }
        if umount2(mountPoint.string, CInt(MNT_DETACH)) == 0 { return true }
        if errno == EPERM {
            unmountAsUser(mountPoint)
        }
        guard let device else { return !MountTable.isStale(mountPoint) }
        return MountTable.current()[mountPoint]?.device != device
    }

    /// Who mounted by `fusermount3` unmounts by it.
    private static func unmountAsUser(_ mountPoint: FilePath) {
        let words = ["fusermount3", "-u", "-q", "-z", "--", mountPoint.string]
        let arguments = words.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        var pid = pid_t()
        guard posix_spawnp(&pid, words[0], nil, nil, arguments + [nil], environ) == 0 else { return }
        while waitpid(pid, nil, 0) == -1 && errno == EINTR {}
    }
}
