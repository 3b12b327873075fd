public import BaseSpaceAPI
public import HTTPTransport
public import Logging
internal import Threading

/// Uploads staged files.
///
/// How one file travels is `UploadSession`'s knowledge; `UploadRun` carries it out. The engine owns what all files
/// share: the bound on requests, the threads that compute digests, and the list of what is on its way.
///
/// Nothing of a file is held in memory: the transport reads each part from the staged file while it sends it, and a
/// pass over the same range shortly before computes the MD5 that goes along. The bytes come from the disk once and from
/// the page cache the second time.
///
/// Two bounds keep the parts apart from each other: a file has `partsInParallel` parts in flight, all files together
/// `concurrentRequests` requests. Whoever has to wait is served in the order of asking, files of one request and parts
/// in turn: a small file that comes while large ones are being sent waits for a part or two, not for a file.
///
/// Requests that fail on the way are repeated below, in the transport. What is repeated here is what only this room can
/// see: a part or a file that arrived damaged, a file that changed while it was read, 409, and a file of one request that
/// the service failed at (500, 502, 504) and surely does not have.
///
/// What an upload has done at the service is told to an `UploadRecord`, from which another attempt goes on. A failed
/// upload leaves the staged file as it is, so it can be tried again.
public final class UploadEngine: Sendable {
    /// Limits of an engine.
    public struct Configuration: Sendable, Equatable {
        /// Size of the first 5000 parts in bytes, and the largest file that travels in one request; later parts are
        /// larger, so that 10,000 hold any file. 8 MiB is what Illumina's own uploader uses, as the ETags of its files
        /// show. From 5 MiB to 5 GiB, whole mebibytes (rounded up).
        public var partSize: Int64 = 8 << 20
        /// Parts of one file in flight: eight that are sent, which is what fills a line, and one that is being hashed
        /// meanwhile so that the line never waits for it.
        public var partsInParallel = 9
        /// Requests with bodies in flight for all files together. As many as the API's client sends at a time: more
        /// would only be hashed earlier, and perhaps leave the page cache before they are sent.
        public var concurrentRequests = 16
        /// How often a part is sent before its arriving damaged, or its changing, becomes final.
        public var attemptsPerPart = 4
        /// How often a file is started before a conflict, a change or damage becomes final.
        public var attemptsPerFile = 3
        /// How often a file of one request is sent that the service fails at, and how long it waits in between before it
        /// asks whether the file is there.
        public var retries = RetryPolicy.idempotent

        /// The defaults.
        public init() {}
    }

    let service: any UploadService
    let limits: UploadSession.Limits
    private let retries: RetryPolicy
    private let requests: FairSemaphore
    private let digests: BlockingWork
    let recording: BlockingWork
    private let board = UploadBoard()
    let logger: Logger

    /// One thread computes 580 MB/s of MD5 where it was measured; eight parts of 60 MB/s each need 480. Two are beyond any
    /// line, and beyond most disks.
    private static let digestThreads = 2

    /// Creates an engine that sends to `service`.
    public init(service: any UploadService, configuration: Configuration = Configuration(), logger: Logger) {
        self.service = service
        self.logger = logger
        limits = UploadSession.Limits(
            partSize: configuration.partSize,
            partsInParallel: max(1, configuration.partsInParallel),
            attemptsPerPart: max(1, configuration.attemptsPerPart),
            attemptsPerFile: max(1, configuration.attemptsPerFile),
            attemptsPerRequest: max(1, configuration.retries.maximumAttempts)
        )
        retries = configuration.retries
        requests = FairSemaphore(permits: max(1, configuration.concurrentRequests))
        digests = BlockingWork(name: "digests", threads: Self.digestThreads)
        recording = BlockingWork(name: "recording", threads: 1)
    }

    /// Uploads the file, and returns what the service made of it once that was compared with what was sent. The version
    /// that arrived is the file's `uploadedVersion` then; a change that comes after the last byte was read makes
    /// `version` greater than it.
    ///
    /// A file that is not sealed is sent as far as it goes, and what is missing once it is sealed: this returns only
    /// after that. A write in between makes it wait for the next sealing.
    ///
    /// Cancelling the task stops the transfers, gives up the upload at the service and throws `cancelled`.
    ///
    /// - Parameter record: Where the upload begins from, and what is told of each step. Called on a thread that may
    ///   block.
    /// - Throws: `tooLarge` for a file that 10,000 parts don't hold (more than 4.9 TiB), and what went wrong.
    public func upload(
        _ file: StagedFile,
        to destination: UploadDestination,
        record: any UploadRecord
    ) async throws(UploadError) -> RemoteFile {
        let number = board.enter(
            UploadActivity(destination: destination, started: Timestamp.now, bytesTotal: file.size, bytesSent: 0)
        )
        let run = UploadRun(
            file: file,
            destination: destination,
            service: service,
            limits: limits,
            retries: retries,
            requests: requests,
            digests: digests,
            record: record,
            recording: recording,
            logger: logger,
            report: { [board] sent, total in board.update(number, bytesSent: sent, of: total) }
        )
        do throws(UploadFailure) {
            let arrived = try await run.run()
            board.leave(number, .done)
            return arrived
        } catch {
            board.leave(number, error.isCancellation ? .cancelled : .failed)
            throw UploadError(error, uploading: destination, from: file.path)
        }
    }

    /// Whether a file goes in parts, or may yet. Only then does cancelling its upload keep it from the service: what is
    /// sent in one request may have arrived by the time that it is cancelled.
    public func sendsInParts(_ file: StagedFile) -> Bool {
        !file.isSealed || !PartLayout(partSize: limits.partSize).fitsOneRequest(file.size)
    }

    /// The files on their way, oldest first.
    public var activity: [UploadActivity] { board.activity }

    /// What was done until now.
    public var statistics: UploadStatistics { board.statistics }

    /// Waits until no file is on its way.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled; the uploads go on.
    public func waitUntilIdle() async throws(CancellationError) {
        guard await board.waitUntilEmpty() else { throw CancellationError() }
    }
}
