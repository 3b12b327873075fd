import BaseSpaceFileSystem
import Namespace
import Synchronization
import SystemPackage

extension MemoryFileSystem {
    func openDirectory(_ inode: InodeNumber, caller: Caller) throws(Errno) -> Answer<FileHandle> {
        let handle = try state.withLock { state throws(Errno) in
            guard let node = state.nodes[inode] else { throw .staleNFSFileHandle }
            var listing = [
                DirectoryEntry(name: ".", inode: inode, kind: .directory, entry: nil, cookie: 1),
                DirectoryEntry(name: "..", inode: node.parent, kind: .directory, entry: nil, cookie: 2),
            ]
            for (name, inode) in node.children.sorted(by: { $0.key < $1.key }) {
                guard let child = state.nodes[inode] else { continue }
                // Cookies are opaque: these are not numbers of lines.
                let cookie = UInt64(listing.count + 1) << 20
                let kind = child.attributes.kind
                listing.append(DirectoryEntry(name: name, inode: inode, kind: kind, entry: nil, cookie: cookie))
            }
            let handle = state.newHandle()
            state.listings[handle] = listing
            return handle
        }
        return .pending { handle }
    }

    func readDirectory(
        _ handle: FileHandle,
        of inode: InodeNumber,
        after cookie: UInt64,
        attributes: Bool,
        _ body: (borrowing DirectoryEntry) -> Bool
    ) throws(Errno) {
        guard let listing = state.withLock({ $0.listings[handle] }) else { throw .badFileDescriptor }
        state.withLock { $0.count(attributes ? "readdirplus" : "readdir") }
        let start = cookie == 0 ? 0 : listing.firstIndex { $0.cookie == cookie }.map { $0 + 1 } ?? listing.count
        for var entry in listing[start...] {
            if attributes && entry.cookie > 2 {
                let known = try existing(entry.inode).attributes
                entry.entry = Entry(TimedAttributes(known, lifetime: Self.lifetime), lifetime: Self.lifetime)
            }
            guard body(entry) else { return }
            if entry.entry != nil { change(entry.inode) { $0.references += 1 } }
        }
    }

    func releaseDirectory(_ handle: FileHandle, of inode: InodeNumber) {
        state.withLock { $0.listings[handle] = nil }
    }

    func synchronizeDirectory(
        _ handle: FileHandle,
        of inode: InodeNumber,
        dataOnly: Bool
    ) throws(Errno) -> Answer<Void> {
        state.withLock { $0.log.append("fsyncdir") }
        return .pending {}
    }
}
