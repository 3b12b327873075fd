import BaseSpaceFileSystem
import Glibc
import Namespace
import SystemPackage

extension KernelConnection {
    func attributes(_ request: Request, of inode: InodeNumber, _ handle: FileHandle?) {
        answer(request) { () throws(Errno) in
            try fileSystem.attributes(of: inode, handle: handle)
        } with: { request, attributes in
            request.succeed(with: attributes)
        }
    }

    func setAttributes(
        _ request: Request,
        of inode: InodeNumber,
        _ values: UnsafeMutablePointer<stat>?,
        _ mask: CInt,
        _ handle: FileHandle?
    ) {
        guard let values else { return request.fail(.invalidArgument) }
        let changes = AttributeChanges(values.pointee, mask: mask)
        // Only an access time, which is not kept.
        guard changes != AttributeChanges() else { return attributes(request, of: inode, handle) }
        answer(request) { () throws(Errno) in
            try fileSystem.setAttributes(of: inode, to: changes, handle: handle)
        } with: { request, attributes in
            request.succeed(with: attributes)
        }
    }

    func statistics(_ request: Request) {
        answer(request) { () throws(Errno) in
            try fileSystem.statistics()
        } with: { request, statistics in
            request.succeed(with: statistics)
        }
    }

    func control(_ request: Request, _ inode: InodeNumber, _ command: UInt32) {
        answer(request) { () throws(Errno) in
            try fileSystem.control(inode, command)
        } with: { request, _ in
            request.succeedControl()
        }
    }
}
