import BaseSpaceAPI
import BaseSpaceFileSystem
import Glibc
import Logging
import Namespace
import RemoteFiles
import SystemPackage
import Uploads

/// Puts the file system together.
///
/// - Throws: `UploadError` when the staging area can't be used.
func makeVolume(_ foundation: MountFoundation) throws -> MountedVolume {
    let configuration = foundation.configuration
    let reports = MountReports(foundation)
    let reader = reader(for: foundation)
    let uploads = uploadEngine(for: foundation)
    let tree = tree(for: foundation, telling: reports)
    let volume = Volume(
        tree: tree,
        reader: reader,
        staging: try StagingArea(directory: configuration.stagingDirectory),
        journal: try Journal(
            directory: configuration.stateDirectory,
            account: foundation.account,
            holdsFiles: configuration.uploadPolicy == .complete,
            logger: Logger(label: "Uploads")
        ),
        uploads: uploads,
        configuration: volumeConfiguration(configuration),
        logger: Logger(label: "BaseSpaceFileSystem")
    )
    try volume.resume()
    // An app finds what it was started with in `.appsession`.
    if configuration.appSession == nil {
        tree.anticipateProjects()
    }
    reports.begin(volume: volume, reader: reader, uploads: uploads)
    foundation.tokens.whenReplaced { [weak volume, weak reports] in
        reports?.tokenWasReplaced()
        volume?.retryInBackground()
    }
    // As a signal from outside does: uploads first, then the end.
    volume.whenUnmountIsAsked { kill(getpid(), SIGTERM) }
    return MountedVolume(
        fileSystem: volume,
        connect: { kernelCache, mountPoint in
            volume.attach(kernelCache, at: mountPoint.string)
            reports.mounted(on: mountPoint)
        },
        backlog: {
            let (files, bytes) = volume.unsent
            return UploadBacklog(files: files, bytes: bytes, own: volume.unsentOwn)
        },
        finishUploads: { await volume.finishUploads() },
        shutDown: {
            reports.end()
            volume.shutDown()
        }
    )
}

private func tree(for foundation: MountFoundation, telling reports: MountReports) -> Tree {
    var settings = Tree.Configuration()
    settings.metadataLifetime = foundation.configuration.metadataLifetime
    settings.finalLifetime = max(settings.finalLifetime, settings.metadataLifetime)
    settings.documentLifetime = foundation.configuration.metadataLifetime
    settings.readme = readme(for: foundation)
    settings.apiServer =
        "\(foundation.client.server)".hasSuffix("/") ? "\(foundation.client.server)" : "\(foundation.client.server)/"
    settings.listsMetadata = foundation.configuration.listsMetadata
    settings.session = foundation.configuration.appSession
    settings.appResultDescription = foundation.configuration.appResultDescription
    settings.reports = reports.files
    return Tree(service: foundation.client, configuration: settings)
}

private func reader(for foundation: MountFoundation) -> RemoteReader {
    var settings = RemoteReader.Configuration()
    settings.memoryLimit = Int(clamping: foundation.configuration.memoryLimit)
    settings.connections = foundation.configuration.connections
    return RemoteReader(
        locator: foundation.client,
        client: foundation.objectStore,
        cache: foundation.cache,
        configuration: settings,
        wallClock: { Timestamp.now },
        logger: Logger(label: "RemoteFiles")
    )
}

private func uploadEngine(for foundation: MountFoundation) -> UploadEngine {
    var settings = UploadEngine.Configuration()
    settings.partSize = foundation.configuration.uploadPartSize
    settings.concurrentRequests = foundation.configuration.concurrentUploads
    return UploadEngine(service: foundation.uploads, configuration: settings, logger: Logger(label: "Uploads"))
}

private func volumeConfiguration(_ configuration: MountConfiguration) -> Volume.Configuration {
    var settings = Volume.Configuration()
    settings.isReadOnly = configuration.isReadOnly
    settings.uid = configuration.uid
    settings.gid = configuration.gid
    settings.mounted = Timestamp.now
    settings.uploadPolicy = configuration.uploadPolicy
    settings.allowsOverwrite = configuration.allowsOverwrite
    settings.allowsDelete = configuration.allowsDelete
    return settings
}

/// The text of `README` in the root: what this mount is, on one screen.
private func readme(for foundation: MountFoundation) -> String {
    """
    This is BaseSpace, mounted by basespacefs \(Version.current) for \(foundation.user.name) (user \(foundation.user.id)).
    Server: \(foundation.client.server)

      Projects/PROJECT/Samples/SAMPLE/Files/          what was sequenced; read-only
      Projects/PROJECT/AppResults/APPRESULT/Files/    results; new files can be written while the session runs
      Projects/PROJECT/AppResults/APPRESULT/Status    the state of the session; write "complete" to end it
      Runs/RUN/Files/                                 the folders of instruments
      AppSessions/SESSION/                            what apps did: results, logs, input and output in Properties/
      BioSamples/, Genomes/                           what was sequenced, and reference genomes

    In no listing, but there: .json (all that the service says), .error (the last failure in words), .commands
    (echo refresh > .commands) in every directory, and .basespacefs/status.json here. See man basespacefs-tree.

    Only the bytes that a program touches are transferred, and they are kept in a cache on this machine.

      samtools view -c Projects/P/AppResults/R/Files/x.bam chr20:1000000-1100000
      mkdir Projects/P/AppResults/New
      cp out.vcf.gz Projects/P/AppResults/New/Files/       the upload; cp fails if it fails
      echo complete > Projects/P/AppResults/New/Status

    End it with: basespacefs unmount MOUNTPOINT (or fusermount3 -u MOUNTPOINT)
    Manual: man basespacefs

    """
}
