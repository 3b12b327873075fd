import ArgumentParser
import BlockCache
import SystemPackage

extension CacheCommand {
    /// `basespacefs cache prune`.
    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Make the cache smaller; what is least missed goes first."
        )

        @Option(help: ArgumentHelp("How much may stay.", valueName: "size"))
        var to: ByteSize

        @OptionGroup var options: CacheOptions

        func run() throws {
            try options.free(downTo: to.bytes) { $0.prune(to: to.bytes) }
        }
    }

    /// `basespacefs cache clear`.
    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "clear",
            abstract: "Empty the cache; mounts fetch again what they need."
        )

        @OptionGroup var options: CacheOptions

        func run() throws {
            try options.free(downTo: 0) { $0.clear() }
        }
    }
}

extension CacheOptions {
    /// Frees space and tells how much.
    fileprivate func free(downTo target: Int64, _ work: (BlockCache) -> Int64) throws {
        try withCache(changing: true) { cache, directory in
            let before = cache.info().bytes
            let freed = work(cache)
            let after = cache.info().bytes
            guard freed > 0 || before <= target || after < before else {
                throw CommandFailure(
                    "nothing could be freed in \(directory): either mounts hold all of it, or its file system can't free "
                        + "parts of files; unmount, and remove the directory"
                )
            }
            try FreedReport(directory: directory.string, freed: freed, bytes: after).print(asJSON: json)
        }
    }
}

/// What `cache prune` and `cache clear` tell.
struct FreedReport: Report {
    var directory: String
    /// Bytes of disk that were freed.
    var freed: Int64
    /// Bytes of disk that the cache uses now.
    var bytes: Int64

    var text: String {
        "Freed \(ByteSize(bytes: freed).approximate); \(ByteSize(bytes: bytes).approximate) are used now."
    }
}
