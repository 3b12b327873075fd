internal import SystemPackage

/// Where contents' files are kept: a directory, or memory.
protocol Storage: Sendable {
    /// False if nothing can be stored.
    var isWritable: Bool { get }

    /// Whether each content has a data file of its own, which somebody else could read.
    var hasFileForEachContent: Bool { get }

    /// Opens a content's files; nil if there are none, if they are damaged, or if they are another content's.
    /// - Parameters:
    ///   - key: the content that they must be of; nil for whatever is stored under the name.
    ///   - creating: make them, or make them anew, unless they are there.
    func open(
        _ name: ContentName,
        for key: ContentKey?,
        creating: Bool,
        ledger: Ledger
    ) throws(Errno) -> ContentFiles?

    /// The names under which something is stored.
    func names() -> [ContentName]

    /// Removes a content's files if nobody has them open and no block is allocated, or if they are damaged; not while they
    /// are pinned.
    func removeUnused(_ name: ContentName, ledger: Ledger)

    /// Bytes that the file system can still take, and all it has; nil if it is not a file system's.
    func freeSpace() -> (available: Int64, total: Int64)?

    /// Whether other processes have the cache open.
    var isUsedByOthers: Bool { get }

    /// The cache is closed: `ledger` is right.
    func close(_ ledger: Ledger)
}

extension Storage {
    /// Calls `body` with each content, until it throws; removes what is damaged on the way.
    func forEachContent<Failure: Error>(
        ledger: Ledger,
        _ body: (ContentFiles) throws(Failure) -> Void
    ) throws(Failure) {
        for name in names() {
            if let files = (try? open(name, for: nil, creating: false, ledger: ledger)) ?? nil {
                try body(files)
            } else {
                removeUnused(name, ledger: ledger)
            }
        }
    }
}

/// Sets the ledger's charge right: after a crash, when the order of writes that the disk saw is not known.
enum Recount {
    /// Adds up what the maps say; frees what the disk holds and no map knows of. Nobody else may use the directory.
    static func run(_ storage: any Storage, _ ledger: Ledger) {
        var charged: Int64 = 0
        storage.forEachContent(ledger: ledger) { files in
            var blocks: Int64 = 0
            var allocations: [UInt32] = []
            for chunk in 0..<files.layout.chunkCount {
                let record = files.record(ofChunk: chunk)
                allocations.append(record.allocated)
                blocks += files.layout.charge(for: record.allocated, inChunk: chunk)
            }
            charged += blocks
            if let allocated = files.allocatedOnDisk, allocated > blocks {
                _ = files.unlessPinned { freeUnknown(files, allocations) }
            }
        }
        ledger.locked { account in
            _ = account.set(charged)
        }
    }

    private static func freeUnknown(_ files: ContentFiles, _ allocations: [UInt32]) {
        for (chunk, allocated) in allocations.enumerated() {
            for run in Ledger.runs(of: ~allocated) {
                let first = chunk * ContentLayout.blocksPerChunk
                _ = files.free(first + run.lowerBound..<first + run.upperBound)
            }
        }
    }
}
