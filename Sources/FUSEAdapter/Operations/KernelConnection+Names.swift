import BaseSpaceFileSystem
import CFUSE
import Glibc
import Namespace
import SystemPackage

/// A name as the kernel hands it over: bytes that end with 0.
typealias CName = UnsafePointer<CChar>

extension String {
    /// The name as text; `nil` when it is not UTF-8, which no name of this file system is.
    init?(_ name: CName?) {
        guard let name else { return nil }
        self.init(validatingCString: name)
    }
}

extension KernelConnection {
    func lookUp(_ request: Request, _ name: CName?, in parent: InodeNumber) {
        guard let name = String(name) else { return request.fail(.noSuchFileOrDirectory) }
        answer(request) { () throws(Errno) in
            try fileSystem.lookup(name, in: parent, caller: request.caller)
        } with: { request, result in
            switch result {
            case .found(let entry): self.hand(entry, to: request)
            case .missing(let lifetime): request.succeed(withMissingFor: lifetime)
            }
        }
    }

    /// Answers with an entry; its lookup reference comes back at once when the kernel does not take it.
    private func hand(_ entry: Entry, to request: Request) {
        if !request.succeed(with: entry) {
            fileSystem.forget(entry.attributes.attributes.inode, count: 1)
        }
    }

    func forget(_ request: Request, _ inode: InodeNumber, count: UInt64) {
        fileSystem.forget(inode, count: count)
        request.dismiss()
    }

    func forget(_ request: Request, _ forgotten: UnsafeBufferPointer<fuse_forget_data>) {
        for item in forgotten {
            fileSystem.forget(InodeNumber(rawValue: item.ino), count: item.nlookup)
        }
        request.dismiss()
    }

    func makeDirectory(_ request: Request, _ name: CName?, in parent: InodeNumber, mode: mode_t) {
        guard let name = String(name) else { return request.fail(.illegalByteSequence) }
        answer(request) { () throws(Errno) in
            try fileSystem.makeDirectory(
                name,
                in: parent,
                permissions: UInt16(mode & 0o7777),
                caller: request.caller
            )
        } with: { request, entry in
            self.hand(entry, to: request)
        }
    }

    func removeDirectory(_ request: Request, _ name: CName?, in parent: InodeNumber) {
        guard let name = String(name) else { return request.fail(.noSuchFileOrDirectory) }
        answer(request) { () throws(Errno) in
            try fileSystem.removeDirectory(name, in: parent)
        } with: { request, _ in
            request.succeed()
        }
    }

    func removeFile(_ request: Request, _ name: CName?, in parent: InodeNumber) {
        guard let name = String(name) else { return request.fail(.noSuchFileOrDirectory) }
        answer(request) { () throws(Errno) in
            try fileSystem.removeFile(name, in: parent)
        } with: { request, _ in
            request.succeed()
        }
    }

    func rename(
        _ request: Request,
        _ name: CName?,
        in parent: InodeNumber,
        to newName: CName?,
        in newParent: InodeNumber,
        flags: UInt32
    ) {
        guard let name = String(name) else { return request.fail(.noSuchFileOrDirectory) }
        guard let newName = String(newName) else { return request.fail(.illegalByteSequence) }
        // RENAME_EXCHANGE and RENAME_WHITEOUT have no counterpart.
        let noReplace: UInt32 = 1  // RENAME_NOREPLACE
        guard flags & ~noReplace == 0 else { return request.fail(.invalidArgument) }
        answer(request) { () throws(Errno) in
            try fileSystem.rename(
                name,
                in: parent,
                to: newName,
                in: newParent,
                replacing: flags & noReplace == 0
            )
        } with: { request, _ in
            request.succeed()
        }
    }

    func readSymbolicLink(_ request: Request, _ inode: InodeNumber) {
        answer(request) { () throws(Errno) in
            try fileSystem.readSymbolicLink(inode)
        } with: { request, target in
            request.succeed(withLinkTo: target)
        }
    }

    func makeSymbolicLink(_ request: Request, _ name: CName?, in parent: InodeNumber, to target: CName?) {
        guard let name = String(name), let target = String(target) else { return request.fail(.illegalByteSequence) }
        answer(request) { () throws(Errno) in
            try fileSystem.makeSymbolicLink(name, in: parent, to: target)
        } with: { request, entry in
            self.hand(entry, to: request)
        }
    }

    /// Files are made by `create`; the kernel sends this for `mknod(2)` only.
    func makeNode(_ request: Request, mode: mode_t) {
        request.fail(mode & S_IFMT == S_IFREG ? .noFunction : .notPermitted)
    }
}
