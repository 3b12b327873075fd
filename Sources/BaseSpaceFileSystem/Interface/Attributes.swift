public import BaseSpaceAPI
public import Namespace

/// What `stat` tells of an inode.
public struct Attributes: Hashable, Sendable {
    /// The kinds of inode this file system has.
    public enum Kind: Hashable, Sendable {
        case directory
        case regular
        case symbolicLink
    }

    /// Its number.
    public var inode: InodeNumber
    /// What it is.
    public var kind: Kind
    /// Permission bits (0o000 … 0o7777), without the kind.
    public var permissions: UInt16
    /// Size in bytes; exact for everything that can be read.
    public var size: UInt64
    /// Hard links. 1 for directories too, so that `find` does not conclude from it how many sub-directories there are.
    public var links: UInt32 = 1
    /// Owning user.
    public var uid: UInt32
    /// Owning group.
    public var gid: UInt32
    /// Last change of content (mtime; atime and ctime show the same moment).
    public var modified: Timestamp
    /// `st_blksize`, a power of two: what `cp` and htslib size their buffers by.
    public var blockSize: UInt32

    /// Describes an inode.
    public init(
        inode: InodeNumber,
        kind: Kind,
        permissions: UInt16,
        size: UInt64,
        uid: UInt32,
        gid: UInt32,
        modified: Timestamp,
        blockSize: UInt32
    ) {
        self.inode = inode
        self.kind = kind
        self.permissions = permissions
        self.size = size
        self.uid = uid
        self.gid = gid
        self.modified = modified
        self.blockSize = blockSize
    }
}

/// Attributes, and how long the kernel may use them without asking again.
public struct TimedAttributes: Hashable, Sendable {
    /// The attributes.
    public var attributes: Attributes
    /// Seconds for which they hold. Never 0: the kernel would look up again each entry of a listing it just read.
    public var lifetime: Double

    /// Pairs attributes with their lifetime in seconds.
    public init(_ attributes: Attributes, lifetime: Double) {
        self.attributes = attributes
        self.lifetime = lifetime
    }
}

/// A name's inode, as `lookup`, `mkdir` and `create` answer it. Each one handed to the kernel is one lookup reference,
/// which a later `forget` gives back.
public struct Entry: Hashable, Sendable {
    /// The inode and how long its attributes hold.
    public var attributes: TimedAttributes
    /// Seconds for which the name means this inode.
    public var lifetime: Double

    /// Pairs an inode's attributes with the lifetime of its name in seconds.
    public init(_ attributes: TimedAttributes, lifetime: Double) {
        self.attributes = attributes
        self.lifetime = lifetime
    }
}

/// What a lookup found.
public enum LookupResult: Hashable, Sendable {
    /// The name exists.
    case found(Entry)
    /// It does not, and the kernel may remember that for so many seconds.
    case missing(lifetime: Double)
}

/// The changes that `chmod`, `chown`, `truncate` and `utimensat` ask for; `nil` leaves a field as it is.
public struct AttributeChanges: Hashable, Sendable {
    /// New permission bits.
    public var permissions: UInt16?
    /// New owner.
    public var uid: UInt32?
    /// New group.
    public var gid: UInt32?
    /// New size in bytes.
    public var size: UInt64?
    /// New modification time. `utimensat`'s UTIME_NOW arrives as the present moment.
    public var modified: Timestamp?

    /// No change.
    public init() {}
}

/// What `statfs` tells of the mount.
public struct VolumeStatistics: Hashable, Sendable {
    /// Size of a block in bytes; the counts below are in it.
    public var blockSize: UInt32
    /// All blocks.
    public var blocks: UInt64
    /// Free blocks.
    public var freeBlocks: UInt64
    /// The longest name, in bytes.
    public var maximumNameLength: UInt32

    /// Describes a volume.
    public init(blockSize: UInt32, blocks: UInt64, freeBlocks: UInt64, maximumNameLength: UInt32) {
        self.blockSize = blockSize
        self.blocks = blocks
        self.freeBlocks = freeBlocks
        self.maximumNameLength = maximumNameLength
    }
}
