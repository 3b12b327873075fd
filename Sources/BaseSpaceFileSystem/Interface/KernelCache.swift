public import Namespace

/// What the kernel remembers of the mount and has to be told when it is no longer true.
///
/// The file system calls it from threads of its own, holding no lock: the kernel may answer by calling the file system.
public protocol KernelCache: Sendable {
    /// Forgets what a name in a directory means (also that it does not exist).
    func invalidateEntry(_ name: String, in parent: InodeNumber)

    /// Forgets the attributes and cached pages of an inode.
    func invalidateInode(_ inode: InodeNumber)
}
