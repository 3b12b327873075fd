import BaseSpaceFileSystem
import CFUSE
import Glibc
import Namespace
import SystemPackage

extension KernelConnection {
    func openDirectory(_ request: Request, _ inode: InodeNumber) {
        answer(request) { () throws(Errno) in
            try fileSystem.openDirectory(inode, caller: request.caller)
        } with: { request, handle in
            if !request.succeed(withDirectory: handle) {
                self.fileSystem.releaseDirectory(handle, of: inode)
            }
        }
    }

    /// Sends as many entries after `cookie` as fit into `size` bytes; none means the end.
    func readDirectory(
        _ request: Request,
        _ handle: FileHandle,
        of inode: InodeNumber,
        after cookie: off_t,
        size: Int,
        attributes: Bool
    ) {
        directoryBuffers.withBuffer(of: size) { buffer in
            var listing = DirectoryListing(request: request, buffer: buffer, attributes: attributes)
            do throws(Errno) {
                let cookie = UInt64(truncatingIfNeeded: cookie)
                try fileSystem.readDirectory(handle, of: inode, after: cookie, attributes: attributes) { entry in
                    listing.append(entry)
                }
                request.succeed(with: listing.bytes)
            } catch {
                // What was taken before has been counted as looked up, so it has to be sent.
                if listing.bytes.isEmpty {
                    request.fail(error)
                } else {
                    request.succeed(with: listing.bytes)
                }
            }
        }
    }

    func releaseDirectory(_ request: Request, _ handle: FileHandle, of inode: InodeNumber) {
        fileSystem.releaseDirectory(handle, of: inode)
        request.succeed()
    }

    func synchronizeDirectory(_ request: Request, _ handle: FileHandle, of inode: InodeNumber, dataOnly: Bool) {
        answer(request) { () throws(Errno) in
            try fileSystem.synchronizeDirectory(handle, of: inode, dataOnly: dataOnly)
        } with: { request, _ in
            request.succeed()
        }
    }
}

/// Entries of a directory, packed as the kernel reads them.
private struct DirectoryListing {
    let request: Request
    let buffer: UnsafeMutableRawBufferPointer
    let attributes: Bool
    private var used = 0

    init(request: Request, buffer: UnsafeMutableRawBufferPointer, attributes: Bool) {
        self.request = request
        self.buffer = buffer
        self.attributes = attributes
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<used]) }

    /// Adds an entry; false when it does not fit.
    mutating func append(_ entry: borrowing DirectoryEntry) -> Bool {
        let rest = buffer.count - used
        let start = buffer.baseAddress.map { ($0 + used).assumingMemoryBound(to: CChar.self) }
        let offset = off_t(truncatingIfNeeded: entry.cookie)
        let size: Int
        // A string given as it is would be copied first.
        if attributes {
            var parameters = fuse_entry_param(entry)
            size = entry.name.withCString { name in
                fuse_add_direntry_plus(request.pointer, start, rest, name, &parameters, offset)
            }
        } else {
            var status = stat(entry)
            size = entry.name.withCString { name in
                fuse_add_direntry(request.pointer, start, rest, name, &status, offset)
            }
        }
        guard size <= rest else { return false }
        used += size
        return true
    }
}

extension stat {
    /// The number and the kind, all that a plain listing tells.
    fileprivate init(_ entry: borrowing DirectoryEntry) {
        self.init()
        st_ino = UInt(entry.inode.rawValue)
        st_mode = entry.kind.mode
    }
}

extension fuse_entry_param {
    /// Without attributes the node id stays 0: the kernel takes the name and the kind, and no reference.
    fileprivate init(_ entry: borrowing DirectoryEntry) {
        if let known = entry.entry {
            self.init(known)
        } else {
            self.init()
            attr = stat(entry)
        }
    }
}
