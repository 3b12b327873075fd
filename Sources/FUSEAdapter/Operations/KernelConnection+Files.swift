import BaseSpaceFileSystem
import Glibc
import Namespace
import SystemPackage

extension KernelConnection {
    func open(_ request: Request, _ inode: InodeNumber, flags: CInt) {
        answer(request) { () throws(Errno) in
            try fileSystem.open(inode, mode: OpenMode(flags: flags), caller: request.caller)
        } with: { request, file in
            if !self.hand(file, of: inode, to: request) {
                self.fileSystem.release(file.handle, of: inode)
            }
        }
    }

    func create(_ request: Request, _ name: CName?, in parent: InodeNumber, mode: mode_t, flags: CInt) {
        guard let name = String(name) else { return request.fail(.illegalByteSequence) }
        answer(request) { () throws(Errno) in
            try fileSystem.create(
                name,
                in: parent,
                permissions: UInt16(mode & 0o7777),
                mode: OpenMode(flags: flags),
                caller: request.caller
            )
        } with: { request, created in
            if !self.hand(created, to: request) {
                let inode = created.entry.attributes.attributes.inode
                self.fileSystem.release(created.file.handle, of: inode)
                self.fileSystem.forget(inode, count: 1)
            }
        }
    }

    /// Bytes that are here go to the kernel straight from where the file system has them; nothing is allocated on the way.
    func read(_ request: Request, _ handle: FileHandle, of inode: InodeNumber, at offset: off_t, count: Int) {
        var answered = false
        let offset = UInt64(clamping: offset)
        do throws(Errno) {
            let pending = try fileSystem.read(handle, of: inode, at: offset, count: count) { bytes in
                guard !answered else { return }
                answered = true
                request.succeed(with: bytes)
            }
            if answered { return }
            guard let pending else { return request.fail(.ioError) }
            run(pending, for: request)
        } catch {
            if !answered { request.fail(error) }
        }
    }

    func write(
        _ request: Request,
        _ handle: FileHandle,
        of inode: InodeNumber,
        _ bytes: UnsafeRawBufferPointer,
        at offset: off_t
    ) {
        answer(request) { () throws(Errno) in
            try fileSystem.write(handle, of: inode, bytes: bytes, at: UInt64(clamping: offset))
        } with: { request, count in
            request.succeed(withWritten: count)
        }
    }

    func allocate(
        _ request: Request,
        _ handle: FileHandle,
        of inode: InodeNumber,
        at offset: off_t,
        count: off_t,
        mode: CInt
    ) {
        // The kernel has checked both already.
        guard offset >= 0, count > 0, Int.max - offset >= count else { return request.fail(.invalidArgument) }
        answer(request) { () throws(Errno) in
            try fileSystem.allocate(
                handle,
                of: inode,
                range: Int64(offset)..<Int64(offset + count),
                mode: AllocationMode(rawValue: mode)
            )
        } with: { request, _ in
            request.succeed()
        }
    }

    func flush(_ request: Request, _ handle: FileHandle, of inode: InodeNumber) {
        answer(request) { () throws(Errno) in
            try fileSystem.flush(handle, of: inode, caller: request.caller)
        } with: { request, _ in
            request.succeed()
        }
    }

    func release(_ request: Request, _ handle: FileHandle, of inode: InodeNumber) {
        fileSystem.release(handle, of: inode)
        noteRelease(of: inode)
        request.succeed()
    }

    func synchronize(_ request: Request, _ handle: FileHandle, of inode: InodeNumber, dataOnly: Bool) {
        answer(request) { () throws(Errno) in
            try fileSystem.synchronize(handle, of: inode, dataOnly: dataOnly)
        } with: { request, _ in
            request.succeed()
        }
    }
}
