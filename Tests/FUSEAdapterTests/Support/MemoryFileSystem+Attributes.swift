import BaseSpaceFileSystem
import Glibc
import Namespace
import Synchronization
import SystemPackage

extension MemoryFileSystem {
    func attributes(of inode: InodeNumber, handle: FileHandle?) throws(Errno) -> Answer<TimedAttributes> {
        state.withLock { $0.count("attributes") }
        return .ready(TimedAttributes(try existing(inode).attributes, lifetime: Self.lifetime))
    }

    func setAttributes(
        of inode: InodeNumber,
        to changes: AttributeChanges,
        handle: FileHandle?
    ) throws(Errno) -> Answer<TimedAttributes> {
        state.withLock { $0.count("setAttributes") }
        change(inode) { node in
            node.attributes.permissions = changes.permissions ?? node.attributes.permissions
            node.attributes.uid = changes.uid ?? node.attributes.uid
            node.attributes.gid = changes.gid ?? node.attributes.gid
            node.attributes.modified = changes.modified ?? node.attributes.modified
            if let size = changes.size {
                let old = node.content
                node.content = Array(old.prefix(Int(size)))
                node.content.append(contentsOf: repeatElement(0, count: Int(size) - node.content.count))
                node.attributes.size = size
            }
        }
        return .ready(TimedAttributes(try existing(inode).attributes, lifetime: Self.lifetime))
    }

    func statistics() throws(Errno) -> Answer<VolumeStatistics> {
        .ready(VolumeStatistics(blockSize: 4096, blocks: 1000, freeBlocks: 250, maximumNameLength: 255))
    }

    func extendedAttribute(_ name: String, of inode: InodeNumber) throws(Errno) -> Answer<[UInt8]> {
        state.withLock { $0.count("getxattr") }
        guard let value = try existing(inode).extendedAttributes[name] else { throw .noData }
        return .ready(value)
    }

    func control(_ inode: InodeNumber, _ request: UInt32) throws(Errno) -> Answer<Void> {
        throw Errno(rawValue: ENOTTY)
    }

    func extendedAttributeNames(of inode: InodeNumber) throws(Errno) -> Answer<[String]> {
        .ready(try existing(inode).extendedAttributes.keys.sorted())
    }

    func setExtendedAttribute(
        _ name: String,
        of inode: InodeNumber,
        to value: [UInt8],
        existing: ExistingAttribute
    ) throws(Errno) -> Answer<Void> {
        let isKnown = try self.existing(inode).extendedAttributes[name] != nil
        if existing == .forbidden && isKnown { throw .fileExists }
        if existing == .required && !isKnown { throw .noData }
        change(inode) { $0.extendedAttributes[name] = value }
        return .ready(())
    }

    func removeExtendedAttribute(_ name: String, of inode: InodeNumber) throws(Errno) -> Answer<Void> {
        guard try existing(inode).extendedAttributes[name] != nil else { throw .noData }
        change(inode) { $0.extendedAttributes[name] = nil }
        return .ready(())
    }
}
