import Namespace

/// How each inode is open, so that what the kernel demands of passthrough holds (6.9 and later; else `open` fails with EIO):
///
/// - The opens of an inode that use the page cache (*cached*) and those that are passed through never mix, and all that are
///   passed through use the same backing. So the first open decides until the last release.
/// - Direct opens may come before and go on beside either, but can't join an inode that is passed through (measured on 6.18:
///   EIO for them as well).
///
///     closed ──open──▶ direct ──open──▶ cached
///        ▲               └─────open──▶ passed through
///        └──the last release, from any of them
///
/// An open is counted before the kernel knows of it and a release after: the table never believes an inode closed that
/// the kernel has open.
struct PassthroughTable {
    /// How an open is answered.
    enum Way: Equatable {
        /// The kernel caches pages and asks for those that are missing.
        case cached
        /// The kernel asks for every byte.
        case direct
        /// The kernel reads the file that it knows by this id.
        case passthrough(Int32)
        /// Not at all: the inode is passed through to a file with other bytes.
        case refused
    }

    private struct Inode {
        var opens = 0
        var isCached = false
        var backing: (id: Int32, content: String)?
    }

    private var inodes: [InodeNumber: Inode] = [:]

    /// Whether nothing is open.
    var isEmpty: Bool { inodes.isEmpty }

    /// Whether the next open of an inode has no choice.
    func isDecided(_ inode: InodeNumber) -> Bool {
        inodes[inode].map { $0.isCached || $0.backing != nil } ?? false
    }

    /// Decides how an open is answered, and counts it unless it is refused.
    ///
    /// - Parameters:
    ///   - isDirect: it must not use the page cache.
    ///   - content: names the bytes that it is to read; `nil` if they have no name.
    ///   - backing: an id for a file with these bytes, which the table takes over or hands back.
    /// - Returns: the way, and the id if it is of no use: close it.
    mutating func open(
        _ inode: InodeNumber,
        isDirect: Bool,
        content: String?,
        backing: Int32?
    ) -> (way: Way, unused: Int32?) {
        var state = inodes[inode] ?? Inode()
        if let known = state.backing {
            guard !isDirect, content == known.content else { return (.refused, backing) }
            state.opens += 1
            inodes[inode] = state
            return (.passthrough(known.id), backing)
        }
        state.opens += 1
        defer { inodes[inode] = state }
        if isDirect {
            return (.direct, backing)
        }
        if let backing, let content, !state.isCached {
            state.backing = (backing, content)
            return (.passthrough(backing), nil)
        }
        state.isCached = true
        return (.cached, backing)
    }

    /// An open is over, or has not reached the kernel. Returns the id that nobody uses any more: close it.
    mutating func release(_ inode: InodeNumber) -> Int32? {
        guard var state = inodes[inode] else { return nil }
        state.opens -= 1
        inodes[inode] = state.opens > 0 ? state : nil
        return state.opens > 0 ? nil : state.backing?.id
    }
}
