/// What a staged file contains, without the bytes: its size, its version, which version touched which part, how far it
/// was written from its start, and whether its writer is done with it.
struct StagedContents: Hashable, Sendable {
    /// In bytes.
    private(set) var size: Int64 = 0
    /// Grows by one with each change of the content. 0: the file is new and empty.
    private(set) var version: UInt64 = 0
    /// The end of what was written from the file's start without a gap, each write beginning where there was something
    /// already. What lies below it is likely to stay as it is, what lies above it is likely to be written yet.
    private(set) var frontier: Int64 = 0
    /// Whether it is what its writer meant to write, as far as anybody knows: until the next change.
    private(set) var isSealed = false
    private var changes = ChangeMap()

    /// A new and empty file.
    init() {}

    /// A file of an earlier process: all of it is version 1, and written.
    init(existing size: Int64, isSealed: Bool) {
        self.size = size
        version = 1
        frontier = size
        self.isSealed = isSealed
        changes.record(0..<size, version: 1)
    }

    /// The newest version that changed a byte of `range`; 0 when none did.
    func lastChange(in range: Range<Int64>) -> UInt64 {
        changes.lastChange(in: range)
    }

    /// The writer is done.
    mutating func seal() {
        isSealed = true
    }

    /// Bytes were written.
    mutating func wrote(_ range: Range<Int64>) {
        // Writing past the end makes a hole, whose zeros are as new as the bytes behind it.
        changed(min(size, range.lowerBound)..<range.upperBound)
        size = max(size, range.upperBound)
        if range.lowerBound <= frontier {
            frontier = max(frontier, range.upperBound)
        }
    }

    /// The end moved. What lies between the old and the new end is different from what it was before.
    mutating func truncated(to newSize: Int64) {
        guard newSize != size else { return }
        changed(min(size, newSize)..<max(size, newSize))
        size = newSize
        frontier = min(frontier, newSize)
    }

    /// Bytes below the end were replaced by something that nobody wrote in order: zeros, or what a failed write left.
    mutating func replaced(_ range: Range<Int64>) {
        let kept = range.clamped(to: 0..<size)
        guard !kept.isEmpty else { return }
        changed(kept)
    }

    private mutating func changed(_ range: Range<Int64>) {
        version += 1
        isSealed = false
        changes.record(range, version: version)
    }
}
