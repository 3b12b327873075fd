public import Namespace

/// What the kernel remembers of the mount and has to be told when it is no longer true.
///
/// All calls return at once and take effect shortly after, on a thread of the receiver: the kernel may want to take the
/// lock of a directory on which an operation is under way. So the file system may call them anywhere, also while it
/// answers an operation, but should hold no lock. After the end of the mount they do nothing.
///
/// While a name's invalidation waits for an operation in its directory (or an inode's for a read of it) the kernel lets
/// nobody else in there, and later invalidations queue up behind it. So they belong after the answers to what is
/// pending there, and an operation has to end by itself at some time.
public protocol KernelCache: Sendable {
    /// Forgets what a name in a directory means (also that it does not exist).
    func invalidateEntry(_ name: String, in parent: InodeNumber)

    /// Asks at the next look what a name means, for a directory: to forget it would take their working directory away from
    /// those who stand in it or below. Linux before 6.2 can't be told so, and asks when the lifetime of the name is over.
    func expireEntry(_ name: String, in parent: InodeNumber)

    /// Forgets the attributes and cached pages of an inode.
    func invalidateInode(_ inode: InodeNumber)

    /// Forgets the cached pages of an inode that nobody has open: those who open it next will not read from them. If
    /// somebody has it open, nothing happens.
    func dropPages(ofClosed inode: InodeNumber)

    /// Calls `body` once the kernel has been told all that it was to be told before this call.
    func whenTold(_ body: @escaping @Sendable () -> Void)
}
