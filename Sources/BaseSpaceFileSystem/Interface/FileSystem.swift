public import Namespace
public import SystemPackage

/// A file system in POSIX terms, without a trace of how the kernel is spoken to.
///
/// Every method may be called from several threads at once, returns without waiting for the network, and throws the
/// `Errno` that the calling program is to see. What can't be answered at once comes back as `Answer.pending`.
public protocol FileSystem: AnyObject, Sendable {
    /// Finds a name in a directory. A `found` answer hands out one lookup reference.
    func lookup(_ name: String, in parent: InodeNumber, caller: Caller) throws(Errno) -> Answer<LookupResult>

    /// The kernel gives back `count` lookup references of an inode.
    func forget(_ inode: InodeNumber, count: UInt64)

    /// `stat`, or `fstat` when there is a handle.
    func attributes(of inode: InodeNumber, handle: FileHandle?) throws(Errno) -> Answer<TimedAttributes>

    /// `chmod`, `chown`, `truncate`, `utimensat` and their `f…` forms.
    func setAttributes(
        of inode: InodeNumber,
        to changes: AttributeChanges,
        handle: FileHandle?
    ) throws(Errno) -> Answer<TimedAttributes>

    /// The target of a symbolic link.
    func readSymbolicLink(_ inode: InodeNumber) throws(Errno) -> Answer<String>

    /// `symlink`.
    func makeSymbolicLink(_ name: String, in parent: InodeNumber, to target: String) throws(Errno) -> Answer<Entry>

    /// `mkdir`.
    func makeDirectory(_ name: String, in parent: InodeNumber, permissions: UInt16, caller: Caller) throws(Errno)
        -> Answer<Entry>

    /// `rmdir`.
    func removeDirectory(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void>

    /// `unlink`.
    func removeFile(_ name: String, in parent: InodeNumber) throws(Errno) -> Answer<Void>

    /// `rename`. With `replacing` false an existing target fails with `Errno.fileExists` (`RENAME_NOREPLACE`).
    func rename(
        _ name: String,
        in parent: InodeNumber,
        to newName: String,
        in newParent: InodeNumber,
        replacing: Bool
    ) throws(Errno) -> Answer<Void>

    /// `open` of an existing file. Truncation (`O_TRUNC`) is part of it.
    func open(_ inode: InodeNumber, mode: OpenMode, caller: Caller) throws(Errno) -> Answer<OpenFile>

    /// `open` with `O_CREAT` of a name that does not exist.
    func create(
        _ name: String,
        in parent: InodeNumber,
        permissions: UInt16,
        mode: OpenMode,
        caller: Caller
    ) throws(Errno) -> Answer<CreatedFile>

    /// Reads up to `count` bytes at `offset`.
    ///
    /// Bytes that are here are passed to `body`, once, before the method returns `nil`; this path neither allocates
    /// nor starts a task. Otherwise `body` is not called and the read is returned, not yet started.
    func read(
        _ handle: FileHandle,
        of inode: InodeNumber,
        at offset: UInt64,
        count: Int,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(Errno) -> (any PendingRead)?

    /// Writes all of `bytes` (valid during the call only) at `offset` and answers their number.
    func write(
        _ handle: FileHandle,
        of inode: InodeNumber,
        bytes: UnsafeRawBufferPointer,
        at offset: UInt64
    ) throws(Errno) -> Answer<Int>

    /// `fallocate`: gives `range` room on disk, or zeros, or a hole, as `mode` says. `Errno.notSupported` where that can't
    /// be done; the caller then writes zeros, or does without.
    func allocate(
        _ handle: FileHandle,
        of inode: InodeNumber,
        range: Range<Int64>,
        mode: AllocationMode
    ) throws(Errno) -> Answer<Void>

    /// A descriptor of the handle is being closed: the last moment at which an error reaches the program.
    func flush(_ handle: FileHandle, of inode: InodeNumber, caller: Caller) throws(Errno) -> Answer<Void>

    /// The handle is gone. Its errors would reach nobody, so there are none.
    func release(_ handle: FileHandle, of inode: InodeNumber)

    /// `fsync`, or `fdatasync` when `dataOnly`.
    func synchronize(_ handle: FileHandle, of inode: InodeNumber, dataOnly: Bool) throws(Errno) -> Answer<Void>

    /// `opendir`: fixes what `readDirectory` with this handle lists.
    func openDirectory(_ inode: InodeNumber, caller: Caller) throws(Errno) -> Answer<FileHandle>

    /// Lists a directory from the entry after `cookie` (0: from the start), calling `body` for each entry until it
    /// returns `false`, which means that the entry was not taken. Never waits.
    ///
    /// With `attributes` each taken entry that carries an `Entry` is one lookup reference; without, none is. Entries may come
    /// without all the same; the kernel looks those up when somebody wants them.
    func readDirectory(
        _ handle: FileHandle,
        of inode: InodeNumber,
        after cookie: UInt64,
        attributes: Bool,
        _ body: (borrowing DirectoryEntry) -> Bool
    ) throws(Errno)

    /// The directory handle is gone.
    func releaseDirectory(_ handle: FileHandle, of inode: InodeNumber)

    /// `fsync` of a directory. The kernel holds the directory's lock meanwhile, so that nothing in it can be looked up.
    func synchronizeDirectory(_ handle: FileHandle, of inode: InodeNumber, dataOnly: Bool) throws(Errno) -> Answer<Void>

    /// `ioctl` without data. Like one of a program that asks a file whether it is a terminal, a request that is not known
    /// fails with `Errno(ENOTTY)`. It works in a read-only mount too.
    func control(_ inode: InodeNumber, _ request: UInt32) throws(Errno) -> Answer<Void>

    /// `statfs`.
    func statistics() throws(Errno) -> Answer<VolumeStatistics>

    /// `getxattr`: the value, or `Errno.noData`/`Errno.notSupported`.
    func extendedAttribute(_ name: String, of inode: InodeNumber) throws(Errno) -> Answer<[UInt8]>

    /// `listxattr`.
    func extendedAttributeNames(of inode: InodeNumber) throws(Errno) -> Answer<[String]>

    /// `setxattr`. Where `existing` does not hold, it fails with `Errno.fileExists` or `Errno.noData`.
    func setExtendedAttribute(
        _ name: String,
        of inode: InodeNumber,
        to value: [UInt8],
        existing: ExistingAttribute
    ) throws(Errno) -> Answer<Void>

    /// `removexattr`.
    func removeExtendedAttribute(_ name: String, of inode: InodeNumber) throws(Errno) -> Answer<Void>
}

/// What `setxattr` demands of the attribute that it sets.
public enum ExistingAttribute: Hashable, Sendable {
    /// It is made or replaced.
    case allowed
    /// It must not exist yet: `XATTR_CREATE`.
    case forbidden
    /// It must exist: `XATTR_REPLACE`.
    case required
}

/// A number that stands for an open file or directory until its release.
public struct FileHandle: RawRepresentable, Hashable, Sendable {
    /// The number the kernel keeps.
    public let rawValue: UInt64

    /// Wraps a number that came from the kernel.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

/// The process that an operation is made for.
public struct Caller: Hashable, Sendable {
    /// Id of the calling *thread*; 0 when the kernel itself calls.
    public var pid: Int32
    /// Its user.
    public var uid: UInt32
    /// Its group.
    public var gid: UInt32

    /// Describes a calling process.
    public init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }
}

/// How a file is opened: the flags of `open(2)` that matter here.
public struct OpenMode: Hashable, Sendable {
    /// May be read from.
    public var reads: Bool
    /// May be written to.
    public var writes: Bool
    /// `O_TRUNC`.
    public var truncates: Bool
    /// `O_APPEND`.
    public var appends: Bool
    /// `O_EXCL`.
    public var exclusive: Bool

    /// Describes how to open.
    public init(reads: Bool, writes: Bool, truncates: Bool = false, appends: Bool = false, exclusive: Bool = false) {
        self.reads = reads
        self.writes = writes
        self.truncates = truncates
        self.appends = appends
        self.exclusive = exclusive
    }
}

/// What `fallocate(2)` is to do with a range; without any of these, to give it room and the file a size that reaches to
/// its end. The raw values are the flags of that call.
public struct AllocationMode: OptionSet, Hashable, Sendable {
    /// The flags as `fallocate(2)` takes them.
    public let rawValue: Int32

    /// `FALLOC_FL_KEEP_SIZE`: the file stays as long as it is.
    public static let keepsSize = AllocationMode(rawValue: 0x01)
    /// `FALLOC_FL_PUNCH_HOLE`: the range's bytes go; they read as zeros. Comes with `keepsSize`.
    public static let punchesHole = AllocationMode(rawValue: 0x02)
    /// `FALLOC_FL_ZERO_RANGE`: the range's bytes become zeros, and have room.
    public static let zeroesRange = AllocationMode(rawValue: 0x10)

    /// Takes the flags of `fallocate(2)`.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }
}

/// An opened file, and what the kernel's page cache may do with it.
public struct OpenFile: Sendable {
    /// The handle.
    public var handle: FileHandle
    /// Pages cached by earlier opens are still right.
    public var keepsCache: Bool
    /// The page cache is left out: reads and writes arrive as the program made them.
    public var isDirect: Bool
    /// `close` need not be reported by `flush`.
    public var skipsFlush: Bool
    /// Where the bytes may be on a local disk, ready to be read without asking.
    public var backing: (any FileBacking)?

    /// Describes an opened file.
    public init(
        handle: FileHandle,
        keepsCache: Bool,
        isDirect: Bool,
        skipsFlush: Bool,
        backing: (any FileBacking)? = nil
    ) {
        self.handle = handle
        self.keepsCache = keepsCache
        self.isDirect = isDirect
        self.skipsFlush = skipsFlush
        self.backing = backing
    }
}

/// A file that `create` made and opened.
public struct CreatedFile: Sendable {
    /// Its name's entry: one lookup reference.
    public var entry: Entry
    /// The open handle.
    public var file: OpenFile

    /// Pairs the new entry with its handle.
    public init(entry: Entry, file: OpenFile) {
        self.entry = entry
        self.file = file
    }
}

/// A line of a directory listing.
public struct DirectoryEntry: Sendable {
    /// The name; `.` and `..` are listed too.
    public var name: String
    /// The inode number.
    public var inode: InodeNumber
    /// What it is.
    public var kind: Attributes.Kind
    /// Attributes, where they are asked for, known and likely to be wanted; `nil` for `.` and `..`.
    public var entry: Entry?
    /// Where the listing goes on after this entry; never 0.
    public var cookie: UInt64

    /// Describes a line of a listing.
    public init(name: String, inode: InodeNumber, kind: Attributes.Kind, entry: Entry?, cookie: UInt64) {
        self.name = name
        self.inode = inode
        self.kind = kind
        self.entry = entry
        self.cookie = cookie
    }
}
