/// What a staged file contains, without the bytes: its size, its version, and which version touched which part.
struct StagedContents: Hashable, Sendable {
    /// In bytes.
    private(set) var size: Int64 = 0
    /// Grows by one with each change of the content. 0: the file is new and empty.
    private(set) var version: UInt64 = 0
    private var changes = ChangeMap()

    /// The newest version that changed a byte of `range`; 0 when none did.
    func lastChange(in range: Range<Int64>) -> UInt64 {
        changes.lastChange(in: range)
    }

    /// Bytes were written.
    mutating func wrote(_ range: Range<Int64>) {
        version += 1
        // Writing past the end makes a hole, whose zeros are as new as the bytes behind it.
        changes.record(min(size, range.lowerBound)..<range.upperBound, version: version)
        size = max(size, range.upperBound)
    }

    /// The end moved. What lies between the old and the new end is different from what it was before.
    mutating func truncated(to newSize: Int64) {
        guard newSize != size else { return }
        version += 1
        changes.record(min(size, newSize)..<max(size, newSize), version: version)
        size = newSize
    }

    /// Bytes were written, and those beyond the end taken back because the rest found no place.
    mutating func wrotePartly(_ range: Range<Int64>) {
        let kept = range.clamped(to: 0..<size)
        guard !kept.isEmpty else { return }
        version += 1
        changes.record(kept, version: version)
    }
}
