public import Namespace
public import SystemPackage
internal import Uploads

/// `fallocate`: staged files have it as far as the staging area's disk does.
extension Volume {
    public func allocate(
        _ handle: FileHandle,
        of inode: InodeNumber,
        range: Range<Int64>,
        mode: AllocationMode
    ) throws(Errno) -> Answer<Void> {
        guard case .staged(let staged) = handles[handle] else { throw .notSupported }
        guard staged.mode.writes else { throw .badFileDescriptor }
        let entry = staged.entry
        try entry.changing(overwriting: configuration.allowsOverwrite) { () throws(Errno) in
            entry.noteWrite()
            try entry.file.allocate(mode: mode.rawValue, offset: range.lowerBound, length: Int64(range.count))
        }
        return .ready(())
    }
}
