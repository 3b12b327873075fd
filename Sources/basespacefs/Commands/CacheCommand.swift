import ArgumentParser
import BlockCache
import Logging
import SystemPackage

/// `basespacefs cache`: looks after the cache on disk, beside the mounts that use it.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Show, check or empty the cache on disk.",
        discussion: "All of it may be done while mounts use the cache.",
        subcommands: [Info.self, Verify.self, Prune.self, Clear.self]
    )
}

/// The options of all `basespacefs cache` commands.
struct CacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Directory of the cache. (default: ~/.cache/basespacefs)", valueName: "dir"),
        completion: .directory
    )
    var cacheDir: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if cacheDir == "none" {
            throw ValidationError("--cache-dir none: a cache in memory is its mount's own; name a directory")
        }
        if cacheDir == "" {
            throw ValidationError("--cache-dir takes a directory")
        }
    }

    /// Opens the cache, does the work and closes it.
    ///
    /// - Parameter changing: that the cache may be changed is needed.
    func withCache<Result>(
        changing: Bool,
        _ body: (_ cache: BlockCache, _ directory: FilePath) throws -> Result
    ) throws -> Result {
        let directory = try BaseDirectories(environment: ProcessEnvironment.all)
            .cache(cacheDir, from: currentDirectory())
        let cache = try open(directory, changing: changing)
        // The last to close it leaves word that its bytes need not be counted again.
        defer { cache.shutdown() }
        return try body(cache, directory)
    }

    private func open(_ directory: FilePath, changing: Bool) throws(CommandFailure) -> BlockCache {
        let quiet = Logger(label: "cache") { _ in SwiftLogNoOpLogHandler() }
        do throws(BlockCacheError) {
            if let cache = try BlockCache(existing: directory, changing: changing, logger: quiet) {
                return cache
            }
        } catch {
            throw CommandFailure("\(error)")
        }
        throw CommandFailure("there is no cache in \(directory): no mount has used it yet (--cache-dir names another)")
    }
}
