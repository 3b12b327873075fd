public import BaseSpaceAPI
internal import BlockCache
internal import Synchronization

/// One content of one remote file: what stays the same for as long as its id and ETag do.
public struct RemoteFileVersion: Hashable, Sendable {
    /// The file's id.
    public var id: EntityID
    /// What a message calls it.
    public var name: String
    /// Bytes.
    public var size: Int64
    /// Bare ETag of the object; `nil` if the service told none, and then a change can't be noticed.
    public var etag: String?
    /// Archived content can't be read.
    public var isArchived: Bool

    /// Names a content of so many bytes; a negative size counts as none.
    public init(id: EntityID, name: String, size: Int64, etag: String?, isArchived: Bool = false) {
        self.id = id
        self.name = name
        self.size = max(size, 0)
        self.etag = etag
        self.isArchived = isArchived
    }
}

/// An open content, shared by its handles: which file it is, and where the disk cache keeps it.
final class Content: Hashable, Sendable {
    let file: RemoteFileVersion
    let cached: CachedContent
    /// The last read that failed because nothing came.
    private let lastFailure = Mutex<FailedRead?>(nil)

    private struct FailedRead {
        let range: Range<Int64>
        let error: RemoteReadError
        let time: ContinuousClock.Instant
    }

    init(file: RemoteFileVersion, cached: CachedContent) {
        self.file = file
        self.cached = cached
    }

    var size: Int64 { file.size }

    /// Why a read of these bytes has failed a moment ago. The kernel asks once more for a page that could not be read ahead, and whoever
    /// has waited two minutes for an error should not wait for it twice.
    func recentFailure(of range: Range<Int64>, at now: ContinuousClock.Instant) -> RemoteReadError? {
        lastFailure.withLock { last in
            guard let last, last.range.overlaps(range), now < last.time + Self.failureLifetime else { return nil }
            return last.error
        }
    }

    func noteFailure(_ error: RemoteReadError, of range: Range<Int64>, at now: ContinuousClock.Instant) {
        guard error.code == .timedOut || error.code == .unreachable else { return }
        lastFailure.withLock { $0 = FailedRead(range: range, error: error, time: now) }
    }

    private static let failureLifetime = Duration.seconds(1)

    static func == (left: Content, right: Content) -> Bool { left === right }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}

/// Receives the bytes of a read that had to wait. Exactly one of its methods is called, once, on any thread.
public protocol ContentReadReply: Sendable {
    /// The bytes, valid during the call.
    func succeed(_ bytes: UnsafeRawBufferPointer)
    /// Why there are none.
    func fail(_ error: RemoteReadError)
}
