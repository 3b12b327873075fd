import BaseSpaceFileSystem
import CFUSE
import Glibc
import Namespace
import SystemPackage

extension KernelConnection {
    /// The kernel and coreutils ask for these by themselves: for `security.capability` before each buffered write, for
    /// ACLs once per file of `ls -l`. EOPNOTSUPP, and not ENODATA, makes the tools stop asking.
    private static func isForeign(_ name: CName) -> Bool {
        strncmp(name, "security.", 9) == 0 || strncmp(name, "system.", 7) == 0
    }

    /// The name of an attribute that the file system may know; otherwise the request has been answered.
    private func attributeName(_ name: CName?, _ request: Request) -> String? {
        guard let name, !Self.isForeign(name), let text = String(name) else {
            request.fail(.notSupportedOnSocket)
            return nil
        }
        return text
    }

    func extendedAttribute(_ request: Request, _ name: CName?, of inode: InodeNumber, limit: Int) {
        guard let name = attributeName(name, request) else { return }
        answer(request) { () throws(Errno) in
            try fileSystem.extendedAttribute(name, of: inode)
        } with: { request, value in
            request.succeed(withAttribute: value, limit: limit)
        }
    }

    func extendedAttributeNames(_ request: Request, of inode: InodeNumber, limit: Int) {
        answer(request) { () throws(Errno) in
            try fileSystem.extendedAttributeNames(of: inode)
        } with: { request, names in
            request.succeed(withAttribute: names.flatMap { Array($0.utf8) + [0] }, limit: limit)
        }
    }

    func setExtendedAttribute(
        _ request: Request,
        _ name: CName?,
        of inode: InodeNumber,
        to value: UnsafeRawBufferPointer,
        flags: CInt
    ) {
        guard let name = attributeName(name, request) else { return }
        let existing: ExistingAttribute
        switch flags {
        case 0: existing = .allowed
        case CInt(XATTR_CREATE): existing = .forbidden
        case CInt(XATTR_REPLACE): existing = .required
        default: return request.fail(.invalidArgument)
        }
        answer(request) { () throws(Errno) in
            try fileSystem.setExtendedAttribute(name, of: inode, to: Array(value), existing: existing)
        } with: { request, _ in
            request.succeed()
        }
    }

    func removeExtendedAttribute(_ request: Request, _ name: CName?, of inode: InodeNumber) {
        guard let name = attributeName(name, request) else { return }
        answer(request) { () throws(Errno) in
            try fileSystem.removeExtendedAttribute(name, of: inode)
        } with: { request, _ in
            request.succeed()
        }
    }
}
