import BaseSpaceAPI
import BaseSpaceFileSystem
import CFUSE
import Glibc
import Namespace

extension Attributes.Kind {
    /// The kind's bits of `st_mode`.
    var mode: mode_t {
        switch self {
        case .directory: S_IFDIR
        case .regular: S_IFREG
        case .symbolicLink: S_IFLNK
        }
    }
}

extension timespec {
    init(_ timestamp: Timestamp) {
        self.init(tv_sec: Int(timestamp.seconds), tv_nsec: Int(timestamp.nanoseconds))
    }
}

extension Timestamp {
    init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }

    /// The present moment.
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(time)
    }
}

extension stat {
    init(_ attributes: Attributes) {
        self.init()
        st_ino = UInt(attributes.inode.rawValue)
        st_mode = attributes.kind.mode | mode_t(attributes.permissions & 0o7777)
        st_nlink = nlink_t(attributes.links)
        st_uid = attributes.uid
        st_gid = attributes.gid
        st_size = off_t(clamping: attributes.size)
        st_blksize = blksize_t(attributes.blockSize)
        // In units of 512 bytes, whatever the block size.
        st_blocks = blkcnt_t(clamping: attributes.size / 512 + (attributes.size % 512 == 0 ? 0 : 1))
        st_mtim = timespec(attributes.modified)
        st_atim = st_mtim
        st_ctim = st_mtim
    }
}

extension statvfs {
    init(_ statistics: VolumeStatistics) {
        self.init()
        f_bsize = UInt(statistics.blockSize)
        f_frsize = UInt(statistics.blockSize)
        f_blocks = UInt(statistics.blocks)
        f_bfree = UInt(statistics.freeBlocks)
        f_bavail = UInt(statistics.freeBlocks)
        f_namemax = UInt(statistics.maximumNameLength)
    }
}

extension fuse_entry_param {
    init(_ entry: Entry) {
        self.init()
        ino = entry.attributes.attributes.inode.rawValue
        attr = stat(entry.attributes.attributes)
        attr_timeout = entry.attributes.lifetime
        entry_timeout = entry.lifetime
    }
}

extension fuse_file_info {
    init(_ file: OpenFile) {
        self.init()
        fh = file.handle.rawValue
        keep_cache = file.keepsCache ? 1 : 0
        direct_io = file.isDirect ? 1 : 0
        noflush = file.skipsFlush ? 1 : 0
    }
}

extension OpenMode {
    /// From the flags of `open(2)`. Who truncates writes, also with `O_RDONLY`: Linux does it then, and leaves it to the file
    /// system; that nothing more is written through the descriptor is seen to by the kernel.
    init(flags: CInt) {
        let access = flags & O_ACCMODE
        let truncates = flags & O_TRUNC != 0
        self.init(
            reads: access != O_WRONLY,
            writes: access != O_RDONLY || truncates,
            truncates: truncates,
            appends: flags & O_APPEND != 0,
            exclusive: flags & O_EXCL != 0
        )
    }
}

extension AttributeChanges {
    /// From `setattr`'s values and the mask (`FUSE_SET_ATTR_…`) of those that count. Access times are not kept.
    init(_ values: stat, mask: CInt) {
        self.init()
        if mask & FUSE_SET_ATTR_MODE != 0 { permissions = UInt16(values.st_mode & 0o7777) }
        if mask & FUSE_SET_ATTR_UID != 0 { uid = values.st_uid }
        if mask & FUSE_SET_ATTR_GID != 0 { gid = values.st_gid }
        if mask & FUSE_SET_ATTR_SIZE != 0 { size = UInt64(clamping: values.st_size) }
        if mask & FUSE_SET_ATTR_MTIME_NOW != 0 {
            modified = .now()
        } else if mask & FUSE_SET_ATTR_MTIME != 0 {
            modified = Timestamp(values.st_mtim)
        }
    }
}
