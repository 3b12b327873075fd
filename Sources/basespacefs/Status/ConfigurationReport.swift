import BaseSpaceAPI
import BaseSpaceFileSystem
import BlockCache
import HTTPTransport
import SystemPackage

/// What `.basespacefs/config.json` tells: the options of the mount with every default filled in, under the options' names.
/// The token is none of them.
struct ConfigurationReport: Report {
    var apiServer: String
    var readOnly: Bool
    var cacheDir: String
    var cacheSize: Int64
    var memoryLimit: Int64
    var metadataTTL: Double
    var maxConnections: Int
    var uploadPartSize: Int64
    var uploadPolicy: String
    var allowOverwrite: Bool
    var allowDelete: Bool
    var listmeta: Bool
    var appsession: String?
    var appresultDescription: String?
    var uid: UInt32
    var gid: UInt32
    /// What the kernel was told, in the words of mount(8).
    var mountOptions: [String]
    /// Where the journal and the staged files are.
    var stateDirectory: String

    init(_ foundation: MountFoundation) {
        let configuration = foundation.configuration
        apiServer = foundation.client.server.string
        readOnly = configuration.isReadOnly
        cacheDir = configuration.cacheDirectory
        cacheSize = configuration.cacheSize
        memoryLimit = configuration.memoryLimit
        metadataTTL = configuration.metadataLifetime / .seconds(1)
        maxConnections = configuration.connections
        uploadPartSize = configuration.uploadPartSize
        uploadPolicy = configuration.uploadPolicy.rawValue
        allowOverwrite = configuration.allowsOverwrite
        allowDelete = configuration.allowsDelete
        listmeta = configuration.listsMetadata
        appsession = configuration.appSession?.rawValue
        appresultDescription = configuration.appResultDescription
        uid = configuration.uid
        gid = configuration.gid
        mountOptions = configuration.kernelOptions
        stateDirectory = configuration.stateDirectory.string
    }

    // Nobody prints it for people: `basespacefs status` tells what matters of it.
    var text: String { (try? json()) ?? "" }
}

extension MountConfiguration {
    /// As `--cache-dir` has it: a directory, or `none` for a cache in memory.
    var cacheDirectory: String {
        switch cache {
        case .directory(let path): path.string
        case .memory: "none"
        }
    }
}
