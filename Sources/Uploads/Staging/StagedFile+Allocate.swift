internal import CLinux
public import SystemPackage

extension StagedFile {
    /// `fallocate(2)` on the staged file.
    ///
    /// - Throws: `notSupported` for modes that move bytes, and where the disk can't do it; what the disk says.
    public func allocate(mode: CInt, offset: Int64, length: Int64) throws(Errno) {
        let (keepSize, punchHole, zeroRange) = (CInt(0x01), CInt(0x02), CInt(0x10))
        guard [0, keepSize, punchHole | keepSize, zeroRange, zeroRange | keepSize].contains(mode) else {
            throw .notSupported
        }
        try SystemCall.perform { CLinux_allocate(descriptor, mode, offset, length) }
        if mode & keepSize == 0, offset + length > size { try truncate(to: offset + length) }
    }
}
