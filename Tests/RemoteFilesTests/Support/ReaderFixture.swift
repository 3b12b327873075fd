import BaseSpaceAPI
import BlockCache
import HTTPTransport
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import RemoteFiles

let block: Int64 = 128 << 10
let mebibyte: Int64 = 1 << 20

/// A reader with a store behind it.
struct ReaderFixture: Sendable {
    let store: StoreOfContents
    let cache: BlockCache
    let reader: RemoteReader

    /// Puts a content into the store and opens it.
    func open(_ bytes: [UInt8], as file: EntityID = "1") throws -> OpenContent {
        store.put(bytes, etag: "etag-\(file)", as: file)
        return try reader.open(version(of: file, size: bytes.count))
    }

    func version(of file: EntityID, size: Int, isArchived: Bool = false) -> RemoteFileVersion {
        RemoteFileVersion(
            id: file,
            name: "file \(file)",
            size: Int64(size),
            etag: "etag-\(file)",
            isArchived: isArchived
        )
    }

    /// Where the disk cache keeps a content that was opened.
    func cached(_ handle: OpenContent) -> CachedContent {
        let file = handle.file
        return cache.content(for: ContentKey(file: file.id.rawValue, etag: file.etag ?? "", size: file.size))
    }

    /// Reads a content from its start to its end and compares it.
    func readAll(_ handle: OpenContent, expecting bytes: [UInt8], step: Int = 128 << 10) async throws {
        for offset in stride(from: 0, to: bytes.count, by: step) {
            let end = min(offset + step, bytes.count)
            let part = try await handle.bytes(at: Int64(offset), count: step)
            guard part.isPart(Int64(offset)..<Int64(end), of: bytes) else { throw WrongBytes(file: handle.file.id) }
        }
    }

    /// Waits until nothing is under way and no memory is in use.
    func becomesIdle() async throws {
        try await eventually("no content is open, no GET runs, no memory is used") {
            reader.state.withLock { $0.contents.isEmpty && $0.active == 0 } && reader.pool.used == 0
        }
    }
}

/// A read brought other bytes than the content has.
struct WrongBytes: Error {
    let file: EntityID
}

/// Runs a test with a reader, and ends what it started.
func withReader(
    _ store: StoreOfContents,
    cache location: BlockCache.Configuration.Location = .memory,
    cacheLimit: Int64 = 1 << 30,
    memory: Int = 64 << 20,
    connections: Int = 16,
    deadline: Duration = .seconds(120),
    deadlines: HTTPDeadlines = HTTPDeadlines(),
    _ body: (ReaderFixture) async throws -> Void
) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let client = HTTPClient(
        HTTPClient.Configuration(
            userAgent: "basespacefs-test",
            shards: 2,
            maximumConnections: connections,
            allowsHTTP2: false,
            deadlines: deadlines,
            logger: logger
        )
    )
    defer { client.shutdown() }
    let cache = try BlockCache(.init(location: location, limit: cacheLimit, keepFree: 0, logger: logger))
    defer { cache.shutdown() }
    var configuration = RemoteReader.Configuration()
    configuration.memoryLimit = memory
    configuration.connections = connections
    configuration.deadline = deadline
    let reader = RemoteReader(
        locator: store,
        client: client,
        cache: cache,
        configuration: configuration,
        wallClock: { .now },
        logger: logger
    )
    try await body(ReaderFixture(store: store, cache: cache, reader: reader))
}

/// Bytes for a content; the same for the same seed.
func content(_ count: Int64, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return generator.bytes(Int(count))
}
