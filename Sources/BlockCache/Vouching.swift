/// How far this process can vouch for one content: which blocks it has stored itself, and whether it is at work on a stamp.
///
///     idle ──stored (the last block), asked──▶ at work ──succeeded, failed──▶ idle
///                                                │  ▲
///                              stored, asked ────┘  └──── failed: once more
///
/// Blocks that this process stored are known to be right. The others are read and compared for each stamp: what they were
/// a while ago proves nothing, since between two looks a change by somebody else can't be told from one of ours.
struct Vouching: Sendable {
    private enum Phase {
        case idle
        case atWork
        case atWorkAndAskedAgain
    }

    /// A bit per block, 32 to a word.
    private var trusted: [UInt32]
    private var untrustedCount: Int
    private let blockCount: Int
    private var phase = Phase.idle
    /// The latest stamp that this process took or found to be true.
    private var vouched: ContentStamp?
    /// Whether that is on the disk, where others can take it back.
    private var isOnDisk = false
    private var lastUse: UInt64?

    init(_ layout: ContentLayout) {
        trusted = Array(repeating: 0, count: (layout.blockCount + 31) / 32)
        untrustedCount = layout.blockCount
        blockCount = layout.blockCount
    }

    /// Blocks were stored. True if that makes the content whole: start to work on a stamp.
    mutating func stored(_ blocks: Range<Int>) -> Bool {
        // Something of what was vouched for has gone missing.
        if vouched != nil { distrust() }
        for block in blocks where !isTrusted(block) {
            trusted[block / 32] |= 1 << UInt32(block % 32)
            untrustedCount -= 1
        }
        return untrustedCount == 0 && start()
    }

    /// Somebody wants a whole content read directly, and there is no true stamp. True: start to work on one.
    mutating func asked() -> Bool {
        // The file is no longer what was vouched for: by whose doing is not known, so every block is looked at.
        if vouched != nil { distrust() }
        return start()
    }

    /// Every block is right, as long as this is what a stamp would say of the file; the disk is told next.
    mutating func found(_ stamp: ContentStamp) {
        vouched = stamp
        isOnDisk = false
    }

    /// Whether this process knows that every block is right and is about to tell the disk.
    func vouches(for stamp: ContentStamp) -> Bool {
        !isOnDisk && vouched == stamp
    }

    /// The disk says that every block is right.
    mutating func foundOnDisk(_ stamp: ContentStamp) {
        vouched = stamp
        isOnDisk = true
    }

    /// The file changed while a stamp was worked on.
    mutating func distrust() {
        for index in trusted.indices { trusted[index] = 0 }
        untrustedCount = blockCount
        vouched = nil
    }

    /// The work is over: there is a stamp. Who asked meanwhile will find it.
    mutating func succeeded(with stamp: ContentStamp) {
        vouched = stamp
        isOnDisk = true
        phase = .idle
    }

    /// The work is over, and there is no stamp. True: start again.
    mutating func failed() -> Bool {
        defer { phase = phase == .atWorkAndAskedAgain ? .atWork : .idle }
        return phase == .atWorkAndAskedAgain
    }

    /// The first run of blocks from `block` on that have to be read, at most `limit` of them.
    func untrusted(from block: Int, limit: Int) -> Range<Int>? {
        guard let first = (block..<max(block, blockCount)).first(where: { !isTrusted($0) }) else { return nil }
        var end = first + 1
        while end < min(blockCount, first + limit), !isTrusted(end) { end += 1 }
        return first..<end
    }

    /// The content was opened for direct reading. True if that is worth writing down.
    mutating func used(at now: UInt64) -> Bool {
        if let lastUse, now >= lastUse, now - lastUse < Recency.renewal { return false }
        lastUse = now
        return true
    }

    private func isTrusted(_ block: Int) -> Bool {
        trusted[block / 32] & (1 << UInt32(block % 32)) != 0
    }

    private mutating func start() -> Bool {
        defer { phase = phase == .idle ? .atWork : .atWorkAndAskedAgain }
        return phase == .idle
    }
}
