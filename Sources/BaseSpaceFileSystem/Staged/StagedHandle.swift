internal import Namespace
internal import Synchronization

/// An open staged file.
final class StagedHandle: Sendable {
    let entry: StagedEntry
    let mode: OpenMode
    /// The process that opened it.
    let opener: Int32
    private let leftMapped = Atomic(false)
    private let flushed = Atomic(false)

    init(entry: StagedEntry, mode: OpenMode, opener: Int32) {
        self.entry = entry
        self.mode = mode
        self.opener = opener
        if mode.reads, mode.writes {
            entry.noteMappable()
        }
    }

    /// A descriptor of it was closed.
    func noteFlush() {
        flushed.store(true, ordering: .relaxed)
    }

    /// Whether a program ever had it: the kernel flushes what is closed. One whose `open` was refused or interrupted is
    /// released without.
    var wasFlushed: Bool { flushed.load(ordering: .relaxed) }

    /// The opener, if it may write.
    var writer: Int32? { mode.writes ? opener : nil }

    /// The opener has closed its last descriptor, and writes on through a map.
    func noteLeftMapped() {
        leftMapped.store(true, ordering: .relaxed)
    }

    /// Whether `noteLeftMapped` was called.
    var isLeftMapped: Bool { leftMapped.load(ordering: .relaxed) }
}

/// The staged files by their inode numbers: those in the tree, and removed ones that are still open.
final class StagedFiles: Sendable {
    private let entries = Mutex<[InodeNumber: StagedEntry]>([:])

    subscript(inode: InodeNumber) -> StagedEntry? {
        get { entries.withLock { $0[inode] } }
        set { entries.withLock { $0[inode] = newValue } }
    }

    /// Enters an entry unless there is one of its number; answers the one that is there then.
    func insert(_ entry: StagedEntry) -> StagedEntry {
        entries.withLock { entries in
            if let known = entries[entry.inode] { return known }
            entries[entry.inode] = entry
            return entry
        }
    }

    var all: [StagedEntry] { entries.withLock { Array($0.values) } }
}
