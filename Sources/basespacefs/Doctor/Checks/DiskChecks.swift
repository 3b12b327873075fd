import BlockCache
import Logging
import SystemPackage

/// Whether content can be cached where it is to be.
struct CacheDirectoryCheck: Check {
    static let name = "cache"
    private let surroundings: DoctorSurroundings
    private let named: String?

    init(_ surroundings: DoctorSurroundings, named: String?) {
        self.surroundings = surroundings
        self.named = named
    }

    func run() -> Finding {
        guard named != "none" else { return ok("in memory (--cache-dir none)") }
        let directory: FilePath
        do {
            directory = try BaseDirectories(environment: surroundings.environment)
                .cache(named, from: surroundings.currentDirectory)
        } catch {
            return failure("no directory for the cache", "\(error)")
        }
        let quiet = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
        do throws(BlockCacheError) {
            try BlockCache(existing: directory, changing: true, logger: quiet)?.shutdown()
        } catch {
            return failure("the cache can't be used", "\(error)")
        }
        return finding(for: DirectoryProbe(directory), held: BlockCache.space(below: directory)?.held ?? 0)
    }

    /// - Parameter held: Bytes that the cache has already.
    func finding(for probe: DirectoryProbe, held: Int64) -> Finding {
        let elsewhere = "name another directory with --cache-dir"
        if let refusal = probe.refusal {
            return failure("\(probe.path) can't be used: \(probe.existing): \(refusal)", elsewhere)
        }
        let limit = MountOptions.Defaults.cacheSize(in: BlockCache.Space(free: probe.free, held: held)).bytes
        let sizes =
            "\(size(held)) cached, \(size(limit)) by default, \(size(probe.free)) free"
        if probe.free + held < MountOptions.Defaults.smallestCacheSize.bytes {
            return warning("\(probe.path): \(sizes), which is little", "free some space, or \(elsewhere)")
        }
        switch probe.kind {
        case .local: return ok("\(probe.path): \(sizes)")
        case .network(let name):
            return warning("\(probe.path) is on \(name), which may be slower than the service: \(sizes)", elsewhere)
        case .memory(let name):
            return warning("\(probe.path) is on \(name), in memory, and gone with the machine: \(sizes)", elsewhere)
        }
    }

    private func size(_ bytes: Int64) -> String { ByteSize(bytes: bytes).approximate }
}

/// Whether files that wait for their upload can be kept.
struct StagingDirectoryCheck: Check {
    static let name = "staging"
    private let surroundings: DoctorSurroundings

    init(_ surroundings: DoctorSurroundings) {
        self.surroundings = surroundings
    }

    /// Less is full at the next file.
    private static let least: Int64 = 16 << 20
    /// Less is full at the next large one.
    private static let little: Int64 = 1 << 30

    func run() -> Finding {
        do {
            let state = try BaseDirectories(environment: surroundings.environment).state
            return finding(for: DirectoryProbe(state.appending("staged")))
        } catch {
            return failure("no directory for files that wait for their upload", "\(error)")
        }
    }

    func finding(for probe: DirectoryProbe) -> Finding {
        let elsewhere = "set XDG_STATE_HOME to a directory on another disk"
        if let refusal = probe.refusal {
            return failure("\(probe.path) can't be used: \(probe.existing): \(refusal)", elsewhere)
        }
        let free = "\(ByteSize(bytes: probe.free).approximate) free"
        if probe.free < Self.least {
            return failure("\(probe.path): \(free), so nothing can be written", "free some, or \(elsewhere)")
        }
        switch probe.kind {
        case .network(let name):
            return warning("\(probe.path) is on \(name), where the journal of uploads is not safe", elsewhere)
        case .memory(let name):
            return warning("\(probe.path) is on \(name): what is not uploaded is lost with the machine", elsewhere)
        case .local where probe.free < Self.little:
            return warning(
                "\(probe.path): \(free); what is written takes room until it is uploaded",
                "free some, or \(elsewhere)"
            )
        case .local:
            return ok("\(probe.path): \(free)")
        }
    }
}
