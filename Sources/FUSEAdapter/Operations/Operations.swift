import BaseSpaceFileSystem
import CFUSE
import Glibc
import Namespace
import SystemPackage

/// The functions that libfuse calls for the kernel's requests. Each one hands its arguments to a method of the
/// connection that the request came by; what the arguments point to is valid during the call only.
///
/// Left out on purpose, since libfuse then answers ENOSYS and the kernel does not ask again: `access` (the kernel checks
/// with `default_permissions`), locks (`flock` and `fcntl` work within this machine), `poll`, `bmap`, `lseek` (the kernel
/// treats a file as data throughout) and `copy_file_range` (programs see EOPNOTSUPP and copy).
func operations() -> fuse_lowlevel_ops {
    var table = fuse_lowlevel_ops()

    table.`init` = { userdata, connection in
        guard let userdata, let connection else { return }
        Unmanaged<KernelConnection>.fromOpaque(userdata)._withUnsafeGuaranteedRef {
            $0.agree(on: &connection.pointee)
        }
    }

    // Names
    table.lookup = { pointer, parent, name in
        serve(pointer, .lookup) { $0.lookUp($1, name, in: InodeNumber(rawValue: parent)) }
    }
    table.forget = { pointer, inode, count in
        serve(pointer, .forget) { $0.forget($1, InodeNumber(rawValue: inode), count: count) }
    }
    table.forget_multi = { pointer, count, forgotten in
        serve(pointer, .forget) { $0.forget($1, UnsafeBufferPointer(start: forgotten, count: count)) }
    }
    table.mkdir = { pointer, parent, name, mode in
        serve(pointer, .mkdir) { $0.makeDirectory($1, name, in: InodeNumber(rawValue: parent), mode: mode) }
    }
    table.rmdir = { pointer, parent, name in
        serve(pointer, .rmdir) { $0.removeDirectory($1, name, in: InodeNumber(rawValue: parent)) }
    }
    table.unlink = { pointer, parent, name in
        serve(pointer, .unlink) { $0.removeFile($1, name, in: InodeNumber(rawValue: parent)) }
    }
    table.rename = { pointer, parent, name, newParent, newName, flags in
        serve(pointer, .rename) {
            let (old, new) = (InodeNumber(rawValue: parent), InodeNumber(rawValue: newParent))
            $0.rename($1, name, in: old, to: newName, in: new, flags: flags)
        }
    }
    table.readlink = { pointer, inode in
        serve(pointer, .readlink) { $0.readSymbolicLink($1, InodeNumber(rawValue: inode)) }
    }
    table.symlink = { pointer, target, parent, name in
        serve(pointer, .symlink) { $0.makeSymbolicLink($1, name, in: InodeNumber(rawValue: parent), to: target) }
    }
    table.link = { pointer, _, _, _ in
        serve(pointer, .link) { $1.fail(.notPermitted) }
    }
    table.mknod = { pointer, _, _, mode, _ in
        serve(pointer, .mknod) { $0.makeNode($1, mode: mode) }
    }

    // Attributes
    table.getattr = { pointer, inode, file in
        serve(pointer, .getattr) { $0.attributes($1, of: InodeNumber(rawValue: inode), FileHandle(file)) }
    }
    table.setattr = { pointer, inode, values, mask, file in
        serve(pointer, .setattr) {
            $0.setAttributes($1, of: InodeNumber(rawValue: inode), values, mask, FileHandle(file))
        }
    }
    table.statfs = { pointer, _ in
        serve(pointer, .statfs) { $0.statistics($1) }
    }
    table.getxattr = { pointer, inode, name, limit in
        serve(pointer, .getxattr) { $0.extendedAttribute($1, name, of: InodeNumber(rawValue: inode), limit: limit) }
    }
    table.listxattr = { pointer, inode, limit in
        serve(pointer, .listxattr) { $0.extendedAttributeNames($1, of: InodeNumber(rawValue: inode), limit: limit) }
    }
    table.setxattr = { pointer, inode, name, value, size, flags in
        serve(pointer, .setxattr) {
            let value = UnsafeRawBufferPointer(start: value, count: size)
            $0.setExtendedAttribute($1, name, of: InodeNumber(rawValue: inode), to: value, flags: flags)
        }
    }
    table.removexattr = { pointer, inode, name in
        serve(pointer, .removexattr) { $0.removeExtendedAttribute($1, name, of: InodeNumber(rawValue: inode)) }
    }

    // Files
    table.open = { pointer, inode, file in
        serve(pointer, .open) { $0.open($1, InodeNumber(rawValue: inode), flags: file?.pointee.flags ?? 0) }
    }
    table.create = { pointer, parent, name, mode, file in
        serve(pointer, .create) {
            let flags = file?.pointee.flags ?? 0
            $0.create($1, name, in: InodeNumber(rawValue: parent), mode: mode, flags: flags)
        }
    }
    table.read = { pointer, inode, count, offset, file in
        serve(pointer, .read, file) { $0.read($1, $2, of: InodeNumber(rawValue: inode), at: offset, count: count) }
    }
    table.write = { pointer, inode, bytes, count, offset, file in
        serve(pointer, .write, file) {
            let bytes = UnsafeRawBufferPointer(start: bytes, count: count)
            $0.write($1, $2, of: InodeNumber(rawValue: inode), bytes, at: offset)
        }
    }
    table.fallocate = { pointer, inode, mode, offset, count, file in
        serve(pointer, .fallocate, file) {
            $0.allocate($1, $2, of: InodeNumber(rawValue: inode), at: offset, count: count, mode: mode)
        }
    }
    table.flush = { pointer, inode, file in
        serve(pointer, .flush, file) { $0.flush($1, $2, of: InodeNumber(rawValue: inode)) }
    }
    table.release = { pointer, inode, file in
        serve(pointer, .release, file) { $0.release($1, $2, of: InodeNumber(rawValue: inode)) }
    }
    table.fsync = { pointer, inode, dataOnly, file in
        serve(pointer, .fsync, file) {
            $0.synchronize($1, $2, of: InodeNumber(rawValue: inode), dataOnly: dataOnly != 0)
        }
    }
    table.ioctl = { pointer, inode, request, _, _, _, _, _, _ in
        serve(pointer, .ioctl) { $0.control($1, InodeNumber(rawValue: inode), request) }
    }

    // Directories
    table.opendir = { pointer, inode, _ in
        serve(pointer, .opendir) { $0.openDirectory($1, InodeNumber(rawValue: inode)) }
    }
    table.readdir = { pointer, inode, size, offset, file in
        serve(pointer, .readdir, file) {
            $0.readDirectory($1, $2, of: InodeNumber(rawValue: inode), after: offset, size: size, attributes: false)
        }
    }
    table.readdirplus = { pointer, inode, size, offset, file in
        serve(pointer, .readdirplus, file) {
            $0.readDirectory($1, $2, of: InodeNumber(rawValue: inode), after: offset, size: size, attributes: true)
        }
    }
    table.releasedir = { pointer, inode, file in
        serve(pointer, .releasedir, file) { $0.releaseDirectory($1, $2, of: InodeNumber(rawValue: inode)) }
    }
    table.fsyncdir = { pointer, inode, dataOnly, file in
        serve(pointer, .fsyncdir, file) {
            $0.synchronizeDirectory($1, $2, of: InodeNumber(rawValue: inode), dataOnly: dataOnly != 0)
        }
    }
    return table
}

/// Counts a request and calls `body` with the connection that it came by, without counting a reference: the session that serves it
/// holds one.
private func serve(
    _ pointer: fuse_req_t?,
    _ operation: FileOperation,
    _ body: (KernelConnection, Request) -> Void
) {
    guard let pointer, let connection = KernelConnection.of(pointer) else { return }
    connection._withUnsafeGuaranteedRef { connection in
        connection.counters.count(operation)
        body(connection, Request(pointer: pointer))
    }
}

/// The same for an operation on an open file or directory.
private func serve(
    _ pointer: fuse_req_t?,
    _ operation: FileOperation,
    _ file: UnsafeMutablePointer<fuse_file_info>?,
    _ body: (KernelConnection, Request, FileHandle) -> Void
) {
    serve(pointer, operation) { connection, request in
        guard let handle = FileHandle(file) else { return request.fail(.badFileDescriptor) }
        body(connection, request, handle)
    }
}

extension FileHandle {
    /// The handle that the kernel passes along, if it does.
    fileprivate init?(_ file: UnsafeMutablePointer<fuse_file_info>?) {
        guard let file else { return nil }
        self.init(rawValue: file.pointee.fh)
    }
}
