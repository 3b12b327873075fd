import Testing

@testable import BlockCache

/// What a cache counts.
@Suite struct StatisticsTests {
    @Test func lookUpsAndStoresAreCounted() async throws {
        let directory = try CacheDirectory()
        let cache = try BlockCache.test(.directory(directory.path), limit: 1 << 30)
        let bytes = pattern(1, size: 3 * block)
        let content = cache.content(for: key("a", size: bytes.count))
        #expect(content.read(0..<10) == nil)
        await content.store(bytes, at: 0)
        #expect(content.read(0..<10) != nil)
        #expect(content.read(block..<2 * block) != nil)
        let statistics = cache.statistics
        #expect(statistics.hits == 2)
        #expect(statistics.misses == 1)
        #expect(statistics.storedBytes == UInt64(bytes.count))
        #expect(statistics.damagedBlocks == 0)
        #expect(statistics.limit == 1 << 30)
        #expect(statistics.bytes == cache.info().bytes)
        #expect(statistics.bytes >= Int64(bytes.count))
    }

    @Test func aDamagedBlockIsAMissAndIsCounted() async throws {
        let directory = try CacheDirectory()
        let key = key("a", size: block)
        let bytes = pattern(1, size: block)
        let cache = try BlockCache.test(.directory(directory.path), limit: 1 << 30)
        let content = cache.content(for: key)
        await content.store(bytes, at: 0)
        try directory.overwrite(directory.data(of: key), at: 100) { $0 ^ 1 }
        #expect(content.read(0..<10) == nil)
        #expect(cache.statistics.misses == 1)
        #expect(cache.statistics.damagedBlocks == 1)
    }
}
