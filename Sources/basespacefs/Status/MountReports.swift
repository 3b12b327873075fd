import BaseSpaceAPI
import BaseSpaceFileSystem
import BlockCache
import Glibc
import HTTPTransport
import Logging
import RemoteFiles
import Synchronization
import SystemPackage
import Threading
import Uploads

/// What a mount tells of itself in `.basespacefs/`.
///
/// The tree wants to know the files before there is a volume to tell of, so the rooms come later, with `begin`. From then
/// on a task looks at the counts once a second, which is what rates are made of. Everything is put together on a thread of
/// its own: some of it reads the disk.
final class MountReports: Sendable {
    /// The rooms that count. The volume holds the tree, which holds this object.
    private struct Rooms {
        weak var volume: Volume?
        var reader: RemoteReader
        var uploads: UploadEngine
        var sampler: Task<Void, Never>
    }

    private struct Meters {
        var read = RateMeter(window: .seconds(10))
        var fetched = RateMeter(window: .seconds(10))
        var sent = RateMeter(window: .seconds(10))
        /// By the uploads' numbers. Parts are acknowledged as wholes, so on a slow line a few seconds tell nothing.
        var uploads: [UInt64: RateMeter] = [:]
    }

    let foundation: MountFoundation
    private let account: MountAccount
    private let started = Timestamp.now
    private let rooms = Mutex<Rooms?>(nil)
    private let meters = Mutex(Meters())
    private let mountPoint = Mutex<String?>(nil)
    private let work = BlockingWork(name: "reports", threads: 1)

    init(_ foundation: MountFoundation) {
        self.foundation = foundation
        account = MountAccount(foundation)
    }

    /// The files by name, for the tree.
    var files: [String: @Sendable () async -> [UInt8]] {
        [
            "status.json": { [self] in await bytes { try self.status.json() } },
            "metrics": { [self] in await bytes { Metrics(self.figures).text } },
            "uploads.json": { [self] in await bytes { try self.uploads().json() } },
            "config.json": { [self] in await bytes { try ConfigurationReport(self.foundation).json() } },
            "user.json": { [self] in
                let report = await account.report()
                return await bytes { try report.json() }
            },
        ]
    }

    /// From here on there is something to tell.
    func begin(volume: Volume, reader: RemoteReader, uploads: UploadEngine) {
        let sampler = Task { [weak self] in
            while (try? await Task.sleep(for: .seconds(1))) != nil, self?.sample() != nil {}
        }
        rooms.withLock { $0 = Rooms(volume: volume, reader: reader, uploads: uploads, sampler: sampler) }
        // What is read from here on is new.
        sample()
    }

    /// The mount is in the tree of directories.
    func mounted(on path: FilePath) {
        mountPoint.withLock { $0 = path.string }
    }

    /// Another token is used from here on.
    func tokenWasReplaced() {
        account.tokenWasReplaced()
    }

    /// Lets go of the rooms.
    func end() {
        let rooms = rooms.withLock { rooms in
            defer { rooms = nil }
            return rooms
        }
        rooms?.sampler.cancel()
    }

    // MARK: Figures

    private func sample() {
        guard let rooms = rooms.withLock({ $0 }) else { return }
        let (reads, sent, active) = (rooms.reader.statistics, sentBytes, rooms.uploads.activity)
        meters.withLock { meters in
            let now = ContinuousClock.now
            meters.read.note(reads.answeredBytes, at: now)
            meters.fetched.note(reads.fetchedBytes, at: now)
            meters.sent.note(sent, at: now)
            meters.uploads = active.reduce(into: [:]) { uploads, file in
                var meter = meters.uploads[file.number] ?? RateMeter(window: .seconds(60))
                meter.note(UInt64(clamping: file.bytesSent), at: now)
                uploads[file.number] = meter
            }
        }
    }

    /// Of uploads: what the API is sent besides goes over other connections.
    private var sentBytes: UInt64 { foundation.objectStore.statistics.sentBytes }

    /// What is counted now. Blocks for as long as the cache's lock is taken.
    var figures: MountFigures {
        var figures = MountFigures(moment: .now, started: started)
        figures.http = [.api: foundation.client.transportStatistics, .objectStore: foundation.objectStore.statistics]
        figures.calls = [.api: foundation.client.statistics, .objectStore: foundation.uploads.statistics]
        figures.cache = foundation.cache.statistics
        figures.operations = foundation.operations.statistics
        guard let rooms = rooms.withLock({ $0 }) else { return figures }
        figures.reads = rooms.reader.statistics
        figures.uploads = rooms.uploads.statistics
        if let volume = rooms.volume {
            let unsent = volume.unsent
            figures.backlog = UploadBacklog(files: unsent.files, bytes: unsent.bytes)
            figures.outage = volume.outage
            figures.sessions = volume.sessionsAtWork(now: figures.moment)
        }
        let active = rooms.uploads.activity
        let (sent, now) = (sentBytes, ContinuousClock.now)
        meters.withLock { meters in
            figures.rates.read = meters.read.rate(of: figures.reads.answeredBytes, at: now)
            figures.rates.fetched = meters.fetched.rate(of: figures.reads.fetchedBytes, at: now)
            figures.rates.sent = meters.sent.rate(of: sent, at: now)
            figures.active = active.map { file in
                let rate = meters.uploads[file.number]?.rate(of: UInt64(clamping: file.bytesSent), at: now)
                return MountFigures.Upload(activity: file, rate: rate ?? 0)
            }
        }
        return figures
    }

    // MARK: Files

    private var status: StatusReport {
        StatusReport(figures, of: foundation, on: mountPoint.withLock { $0 })
    }

    /// As `basespacefs uploads list --json` says it, for this account: with the same ids.
    private func uploads() throws -> UploadsReport {
        let journal = try JournalControl(directory: foundation.configuration.stateDirectory)
        var report = UploadsReport(try journal.entries(), now: .now)
        report.uploads.removeAll { $0.account != foundation.account }
        return report
    }

    /// A text as a file, with a newline at its end; a JSON object that says why where it can't be made.
    private func bytes(_ text: @escaping @Sendable () throws -> String) async -> [UInt8] {
        let text = await work.run { () -> String in
            do {
                return try text()
            } catch {
                Logger(label: "basespacefs").warning("\(error)")
                return (try? FailedReport(error: "\(error)").json()) ?? ""
            }
        }
        return Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
    }
}

/// Stands in a file that could not be made.
private struct FailedReport: Report {
    var error: String
    var text: String { error }
}
