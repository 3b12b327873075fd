import BaseSpaceAPI
import BlockCache
import HTTPTransport
import Logging
import Testing

@testable import RemoteFiles

/// What the reader's state is tested with: no thread of it does anything.
struct StateFixture {
    private let cache: BlockCache
    private let client: HTTPClient
    private let urls: SignedURLs
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let pool: BufferPool

    init(memory: Int = 64 << 20) throws {
        cache = try BlockCache(.init(location: .memory, limit: 1 << 20, writers: 1, logger: logger))
        client = HTTPClient(.objectStore(maximumConnections: 2, logger: logger))
        urls = SignedURLs(locator: NoLocator(), wallClock: { .now })
        pool = BufferPool(limit: memory)
    }

    /// Ends the threads.
    func end() {
        client.shutdown()
        cache.shutdown()
    }

    func content(_ name: String = "a", size: Int64 = 1 << 30) -> Content {
        let file = RemoteFileVersion(id: EntityID(name), name: name, size: size, etag: name)
        return Content(file: file, cached: cache.content(for: ContentKey(file: name, etag: name, size: size)))
    }

    /// A fetch that is never started, without the memory that it would write to.
    func fetch(_ segment: SegmentKey, of content: Content, range: Range<Int64>) throws -> Fetch {
        let buffer = try #require(BufferPool(limit: 0).take(1))
        return Fetch(
            segment: segment,
            content: content,
            range: range,
            buffer: buffer,
            urls: urls,
            client: client,
            firstBytes: FirstByteClock(),
            counters: ReadCounters(),
            observer: Nobody(),
            logger: logger
        )
    }
}

private struct NoLocator: ContentLocator {
    func contentLocation(of file: EntityID) async throws(BaseSpaceError) -> ContentLocation {
        throw BaseSpaceError(kind: .cancelled, message: "no fetch is started here", endpoint: "")
    }
}

private final class Nobody: FetchObserver {
    func fetch(_ fetch: Fetch, hasLandedUpTo end: Int64) {}
    func fetch(_ fetch: Fetch, didEndWith result: Result<Void, RemoteReadError>) {}
}

/// A reply that nobody looks at.
struct IgnoredReply: ContentReadReply {
    func succeed(_ bytes: UnsafeRawBufferPointer) {}
    func fail(_ error: RemoteReadError) {}
}

/// A started GET, as an action names it. It does not keep the memory.
struct StartedGet {
    let content: Content
    let segment: SegmentKey
    let range: Range<Int64>
}

extension [ReaderState.Action] {
    var starts: [StartedGet] {
        compactMap { action in
            guard case .start(let content, let segment, let range, _) = action else { return nil }
            return StartedGet(content: content, segment: segment, range: range)
        }
    }

    var delivered: [(waiter: UInt64, coverage: Coverage)] {
        compactMap { if case .deliver(_, let waiter, let coverage) = $0 { (waiter.id, coverage) } else { nil } }
    }

    var failed: [UInt64: RemoteReadError.Code] {
        reduce(into: [:]) { failed, action in
            if case .fail(let waiter, let error) = action { failed[waiter.id] = error.code }
        }
    }

    var cancelled: [SegmentKey] {
        compactMap { if case .cancel(let fetch) = $0 { fetch.segment } else { nil } }
    }

    var stores: Int {
        count { if case .store = $0 { true } else { false } }
    }
}

extension Coverage {
    /// Where the bytes are, in words: `memory`, `disk`, `waiting`, or the places of the pieces with their lengths.
    var places: [String] {
        switch self {
        case .memory(_, let indices): ["memory \(indices.count)"]
        case .disk: ["disk"]
        case .waiting: ["waiting"]
        case .pieces(let pieces):
            pieces.map { piece in
                switch piece {
                case .memory(_, let indices): "memory \(indices.count)"
                case .disk(let range): "disk \(range.count)"
                }
            }
        }
    }
}
