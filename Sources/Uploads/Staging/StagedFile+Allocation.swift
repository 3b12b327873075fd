internal import BaseSpaceAPI
internal import CLinux
internal import Glibc
public import SystemPackage

extension StagedFile {
    /// Allocates or frees space, as fallocate(2) does.
    ///
    /// - Parameters:
    ///   - mode: 0 (allocate), `FALLOC_FL_KEEP_SIZE`, `FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE`, or
    ///     `FALLOC_FL_ZERO_RANGE` with or without `FALLOC_FL_KEEP_SIZE`.
    ///   - offset: In bytes.
    ///   - length: In bytes, more than none.
    /// - Throws: `notSupported` for other modes, and for those that the disk does not know; `invalidArgument` for a
    ///   range that is none; `fileTooLarge`, `noSpace` and what else the disk says.
    public func allocate(mode: CInt, offset: Int64, length: Int64) throws(Errno) {
        guard offset >= 0, length > 0 else { throw .invalidArgument }
        guard offset <= Int64.max - length else { throw .fileTooLarge }
        guard let effect = AllocationEffect(mode: mode) else { throw .notSupported }
        let range = offset..<offset + length
        try change { (state) throws(Errno) in
            let size = state.contents.size
            do throws(Errno) {
                try SystemCall.perform { CLinux_allocate(descriptor, mode, offset, length) }
            } catch {
                // It may have come half the way: the size is brought back, and what may be zeros now counts as changed.
                if effect.extends, range.upperBound > size { _ = ftruncate(descriptor, Int(size)) }
                if effect.clears, error != .notSupported { state.contents.replaced(range) }
                throw error
            }
            let version = state.contents.version
            if effect.clears { state.contents.replaced(range) }
            if effect.extends, range.upperBound > size { state.contents.truncated(to: range.upperBound) }
            if state.contents.version != version { state.modified = Timestamp.now }
        }
    }
}

/// What a mode of fallocate(2) does to a file's content and size.
private struct AllocationEffect {
    /// Whether the range is zeros afterwards.
    let clears: Bool
    /// Whether the file ends where the range does, if it ended before.
    let extends: Bool

    // The kernel's constants, which Swift does not import.
    private static let keepSize: CInt = 0x01
    private static let punchHole: CInt = 0x02
    private static let zeroRange: CInt = 0x10

    init?(mode: CInt) {
        switch mode {
        case 0: (clears, extends) = (false, true)
        case Self.keepSize: (clears, extends) = (false, false)
        case Self.punchHole | Self.keepSize: (clears, extends) = (true, false)
        case Self.zeroRange: (clears, extends) = (true, true)
        case Self.zeroRange | Self.keepSize: (clears, extends) = (true, false)
        default: return nil
        }
    }
}
