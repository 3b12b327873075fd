import BaseSpaceAPI
import BaseSpaceFileSystem
import BlockCache
import SystemPackage

/// A mount as it was asked for, with every path absolute and every default filled in.
struct MountConfiguration: Sendable {
    /// Owner of all files.
    var uid: UInt32
    /// Group of all files.
    var gid: UInt32
    /// Every change is refused.
    var isReadOnly: Bool
    /// What tables of mounts name as the source; `nil` for the server.
    var source: String?
    /// Words for libfuse's `-o`, without the name of the source.
    var kernelOptions: [String]
    /// Where content is cached.
    var cache: BlockCache.Configuration.Location
    /// How many bytes are cached at most.
    var cacheSize: Int64
    /// Where the journal is. It outlives the mount.
    var stateDirectory: FilePath
    /// Where files wait for their upload.
    var stagingDirectory: FilePath { stateDirectory.appending("staged") }
    /// Bytes of content on its way at most.
    var memoryLimit: Int64
    /// How long a listing holds.
    var metadataLifetime: Duration
    /// Connections to the object store.
    var connections: Int
    /// Bytes of an upload's part.
    var uploadPartSize: Int64
    /// When files are uploaded.
    var uploadPolicy: UploadPolicy
    /// Whether files that are uploaded can be written again.
    var allowsOverwrite: Bool
    /// Whether entities can be moved to the trash.
    var allowsDelete: Bool
    /// Whether listings show the files that begin with a dot.
    var listsMetadata: Bool
    /// The AppSession that everything belongs to which is made here.
    var appSession: EntityID?
    /// How AppResults that are made here are described.
    var appResultDescription: String?
    /// Bodies of uploads on their way at a time. Readers and uploads share the connections: half of them is theirs, and
    /// sixteen fill any line.
    var concurrentUploads: Int { min(max(connections / 2, 2), 16) }

    /// Fills in what the options leave open. `currentDirectory` is absolute; `user` and `group` are of who mounts;
    /// `space` measures what a cache in a directory could use.
    init(
        _ options: MountOptions,
        environment: [String: String],
        currentDirectory: FilePath,
        user: UInt32,
        group: UInt32,
        space: (FilePath) -> BlockCache.Space? = BlockCache.space(below:)
    ) throws {
        let flags = try MountFlags(parsing: options.mountOptions)
        uid = options.uid ?? flags.uid ?? user
        gid = options.gid ?? flags.gid ?? group
        isReadOnly = options.readOnly || flags.isReadOnly == true
        source = flags.source
        kernelOptions = Self.kernelOptions(flags, isReadOnly: isReadOnly, allowsOthers: options.allowOther)

        let directories = BaseDirectories(environment: environment)
        let standardSize: ByteSize
        if options.cacheDir == "none" {
            cache = .memory
            standardSize = MountOptions.Defaults.memoryCacheSize
        } else {
            let directory = try directories.cache(options.cacheDir, from: currentDirectory)
            cache = .directory(directory)
            standardSize = MountOptions.Defaults.cacheSize(in: space(directory))
        }
        // Never in the cache's directory: what is there may be thrown away, and others may share it.
        stateDirectory = try directories.state
        cacheSize = (options.cacheSize ?? standardSize).bytes
        memoryLimit = options.memoryLimit.bytes
        metadataLifetime = .seconds(options.metadataTTL ?? MountOptions.Defaults.metadataLifetime)
        connections = options.maxConnections
        uploadPartSize = options.uploadPartSize.bytes
        uploadPolicy = options.uploadPolicy
        allowsOverwrite = options.allowOverwrite
        allowsDelete = options.allowDelete
        listsMetadata = flags.listsMetadata
        appSession = options.appSession.map { EntityID($0) }
        appResultDescription = options.appResultDescription
    }

    /// The words for libfuse. Nothing in a mount of data is a device or runs with another user's rights, and access
    /// times are not kept, so the words that say this are added unless their opposites were asked for.
    private static func kernelOptions(_ flags: MountFlags, isReadOnly: Bool, allowsOthers: Bool) -> [String] {
        var options = flags.kernelOptions
        for (word, opposite) in [("nosuid", "suid"), ("nodev", "dev"), ("noatime", "atime")]
        where !options.contains(word) && !options.contains(opposite) {
            options.append(word)
        }
        if isReadOnly {
            options.append("ro")
        }
        if allowsOthers || flags.allowsOthers {
            options.append("allow_other")
        } else if flags.allowsRoot {
            options.append("allow_root")
        }
        // The kernel checks modes only when told to; with one user there is nobody to keep out.
        if options.contains("allow_other") || options.contains("allow_root"), !options.contains("default_permissions") {
            options.append("default_permissions")
        }
        return options
    }
}

/// Where a user's files go that nobody looks at, after the XDG base directory specification.
struct BaseDirectories {
    var environment: [String: String]

    /// For what can be fetched again: the directory that was named, or else `~/.cache/basespacefs`.
    func cache(_ named: String?, from currentDirectory: FilePath) throws -> FilePath {
        if let named {
            return currentDirectory.pushing(FilePath(named)).lexicallyNormalized()
        }
        return try directory("XDG_CACHE_HOME", or: ".cache")
    }

    /// For what must survive a restart: `~/.local/state/basespacefs`.
    var state: FilePath {
        get throws { try directory("XDG_STATE_HOME", or: ".local/state") }
    }

    private func directory(_ variable: String, or standard: FilePath) throws -> FilePath {
        // The specification wants relative paths ignored.
        if let path = environment[variable], path.hasPrefix("/") {
            return FilePath(path).appending("basespacefs")
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw CommandFailure("HOME is not set: set it, or say with \(variable) where files can be kept")
        }
        return FilePath(home).pushing(standard).appending("basespacefs")
    }
}
