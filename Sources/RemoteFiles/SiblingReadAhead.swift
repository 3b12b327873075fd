internal import BaseSpaceAPI

/// Decides which files of a directory are fetched before they are opened.
///
/// Programs that take one small file after the other (`cp -r`, `tar`, `rsync`, a loop over a glob) wait a round trip for
/// each. Three files opened near each other, in one of the orders that programs use, are taken for such a run, and the
/// files that follow in that order are fetched whole: as many as were opened, at most 64. The orders are that of the
/// listing, that of the names (globs, rsync) and that of the inode numbers (`cp -r` and `du` of coreutils sort by them).
///
/// A value without clock, lock or IO.
struct SiblingReadAhead: Sendable {
    /// What to do after a file was opened.
    enum Action: Sendable {
        case nothing
        /// Find out which files there are, and call `learned`.
        case learn
        /// Fetch these.
        case prepare([Candidate])
    }

    /// One order of the directory's files, and how far somebody has come in it.
    private struct Order: Sendable {
        /// Indices of the files, by rank.
        let files: [Int]
        /// Ranks by index.
        let ranks: [Int]
        /// The highest rank of the run.
        var position = 0
        /// Files opened in the run.
        var length = 0
        /// Up to which rank files were asked for.
        var planned = 0

        init(_ files: [Int]) {
            self.files = files
            var ranks = files
            for (rank, file) in files.enumerated() {
                ranks[file] = rank
            }
            self.ranks = ranks
        }
    }

    /// Files up to this size are fetched whole: what costs a round trip rather than time on the line. (1 MiB are 17 ms at
    /// 60 MB/s.)
    static let largest: Int64 = 1 << 20
    /// Directories with more files are left alone: their order would take more memory than it saves time.
    static let mostFiles = 20_000
    /// Files opened near each other that make a run.
    private static let evidence = 3
    /// How far from each other their ranks may be: several programs, or one with threads, share a directory.
    private static let nearness = 16
    /// Files fetched ahead at most: two rounds of 32 connections.
    private static let longestWindow = 64

    private var files: [Candidate] = []
    private var indices: [EntityID: Int] = [:]
    private var orders: [Order] = []
    /// Opened before the directory was learned.
    private var unplaced: [EntityID] = []
    private var isLearning = false

    /// A file was opened.
    mutating func opened(_ file: EntityID, size: Int64) -> Action {
        guard size <= Self.largest else { return .nothing }
        guard !files.isEmpty else {
            unplaced = unplaced.suffix(Self.evidence) + [file]
            guard unplaced.count >= Self.evidence, !isLearning else { return .nothing }
            isLearning = true
            return .learn
        }
        guard let index = indices[file] else { return .nothing }
        note(index)
        return plan()
    }

    /// These are the directory's files, in the order of the listing.
    mutating func learned(_ files: [Candidate]) -> Action {
        self.files = files
        for (index, candidate) in files.enumerated() {
            indices[candidate.file.id] = index
        }
        let all = Array(files.indices)
        orders = [
            Order(all.sorted { files[$0].inode < files[$1].inode }),
            Order(all.sorted { files[$0].file.name.utf8.lexicographicallyPrecedes(files[$1].file.name.utf8) }),
            Order(all),
        ]
        for file in unplaced {
            if let index = indices[file] { note(index) }
        }
        unplaced = []
        return plan()
    }

    private mutating func note(_ index: Int) {
        for order in orders.indices {
            let rank = orders[order].ranks[index]
            switch rank - orders[order].position {
            case 1...Self.nearness where orders[order].length > 0:
                orders[order].length += 1
                orders[order].position = rank
            case -Self.nearness...0 where orders[order].length > 0:
                // Somebody who is a little behind; but nobody goes backwards.
                break
            default:
                orders[order].length = 1
                orders[order].position = rank
                orders[order].planned = 0
            }
        }
    }

    /// What the longest run asks for next. Of equally long ones the first counts.
    private mutating func plan() -> Action {
        let longest = orders.reduce(0) { max($0, $1.length) }
        guard longest >= Self.evidence, let best = orders.firstIndex(where: { $0.length == longest }) else {
            return .nothing
        }
        let position = orders[best].position
        let window = min(orders[best].length, Self.longestWindow)
        let start = max(orders[best].planned, position + 1)
        let end = min(files.count, position + 1 + window)
        guard start < end else { return .nothing }
        orders[best].planned = end
        let next = orders[best].files[start..<end].map { files[$0] }.filter { 1...Self.largest ~= $0.file.size }
        return next.isEmpty ? .nothing : .prepare(next)
    }
}
