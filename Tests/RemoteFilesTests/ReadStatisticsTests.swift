import BlockCache
import Synchronization
import TestSupport
import Testing

@testable import RemoteFiles

/// What a reader counts.
@Suite struct ReadStatisticsTests {
    @Test func bytesAreCountedByWhereTheyCameFrom() async throws {
        let directory = try TemporaryDirectory()
        let store = try StoreOfContents()
        let bytes = content(2 * block)
        try await withReader(store, cache: .directory(directory.path)) { fixture in
            let handle = try fixture.open(bytes)
            _ = try await handle.bytes(at: 0, count: 1000)
            #expect(fixture.reader.statistics.server.reads == 1)
            #expect(fixture.reader.statistics.server.bytes == 1000)
            try await eventually("the GET has ended") { fixture.reader.state.withLock { $0.active == 0 } }
            #expect(handle.read(at: 10, count: 300) { _ in } == nil)
            let statistics = fixture.reader.statistics
            #expect(statistics.memory.reads == 1)
            #expect(statistics.memory.bytes == 300)
            #expect(statistics.cache.reads == 0)
            #expect(statistics.fetchedBytes == UInt64(store.gets.reduce(0) { $0 + $1.range.count }))
            #expect(statistics.fetches == UInt64(store.gets.count))
            #expect(statistics.answeredBytes == 1300)
            try await fixture.readAll(handle, expecting: bytes)
            try await eventually("the cache has all of it") { fixture.cached(handle).isComplete }
        }
        try await withReader(store, cache: .directory(directory.path)) { fixture in
            let handle = try fixture.open(bytes)
            #expect(handle.read(at: 10, count: 5000) { _ in } == nil)
            #expect(fixture.reader.statistics.cache.reads == 1)
            #expect(fixture.reader.statistics.cache.bytes == 5000)
            #expect(fixture.reader.statistics.fetchedBytes == 0)
            #expect(fixture.cache.statistics.hits == 1)
        }
    }

    @Test func aFetchThatIsRepeatedIsOneFetch() async throws {
        let broken = SharedFlag()
        let store = try StoreOfContents { _ in
            guard !broken.isSet else { return .serve }
            broken.set()
            return .reset(1000)
        }
        try await withReader(store) { fixture in
            let handle = try fixture.open(content(block))
            _ = try await handle.bytes(at: 0, count: 100)
            let statistics = fixture.reader.statistics
            #expect(statistics.fetches == 1)
            #expect(statistics.retries == 1)
            #expect(statistics.failures == 0)
        }
    }

    @Test func whatLeavesMemoryUnreadIsCounted() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            do {
                let handle = try fixture.open(content(block))
                _ = try await handle.bytes(at: 0, count: 1000)
                #expect(fixture.reader.statistics.unreadBytes == 0)
                try await eventually("the GET has ended") { fixture.reader.state.withLock { $0.active == 0 } }
            }
            try await fixture.becomesIdle()
            #expect(fixture.reader.statistics.unreadBytes == UInt64(block) - 1000)
        }
    }
}
