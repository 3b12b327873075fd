import SystemPackage
import Testing

@testable import BlockCache

/// The limit holds, and what goes is what is least missed.
@Suite struct EvictionTests {
    @Test(arguments: [true, false]) func theLimitHoldsWhileManyContentsAreWrittenAtOnce(_ onDisk: Bool) async throws {
        let directory = try CacheDirectory()
        let limit: Int64 = 6 << 20
        let cache = try BlockCache.test(onDisk ? .directory(directory.path) : .memory, limit: limit)
        let size = 9 * block + 1000
        let bytes = pattern(1, size: size)
        await withTaskGroup { group in
            for index in 0..<24 {
                group.addTask {
                    let content = cache.content(for: key("file \(index)", size: size))
                    for start in stride(from: 0, to: size, by: 2 * block) {
                        await content.store(bytes[start..<min(size, start + 2 * block)], at: Int64(start))
                        #expect(cache.info().bytes <= limit)
                    }
                }
            }
        }
        let info = cache.info()
        #expect(info.bytes > limit / 2)
        #expect(try directory.allocated() <= limit)
        // The last ones are there, and what is there is right.
        var present = 0
        for index in 0..<24 {
            let content = cache.content(for: key("file \(index)", size: size))
            for start in stride(from: 0, to: size, by: block) {
                let range = start..<min(size, start + block)
                if let read = content.read(range) {
                    present += 1
                    #expect(same(read, bytes, range))
                }
            }
        }
        #expect(present > 20)
    }

    @Test func evictedContentsLeaveNoFiles() async throws {
        let directory = try CacheDirectory()
        let cache = try BlockCache.test(.directory(directory.path), limit: 1 << 20)
        for index in 0..<300 {
            await cache.content(for: key("small \(index)", size: 100)).store(pattern(1, size: 100), at: 0)
        }
        // A small content is charged 12 KiB.
        #expect(cache.info().contents <= 86)
        #expect(try directory.allocated() <= 1 << 20)
    }

    @Test(arguments: [true, false]) func aPassOverALargeFileLeavesAHotIndexAlone(_ onDisk: Bool) async throws {
        let directory = try CacheDirectory()
        let clock = ManualClock()
        let cache = try BlockCache.test(
            onDisk ? .directory(directory.path) : .memory,
            limit: 24 << 20,
            clock: clock
        )
        let index = cache.content(for: key("a.bam.bai", size: 3 * block))
        let indexBytes = pattern(1, size: 3 * block)
        await index.store(indexBytes, at: 0)
        let cold = cache.content(for: key("b.bam.bai", size: 3 * block))
        await cold.store(indexBytes, at: 0)
        clock.advance(seconds: 120)
        #expect(index.read(0..<100) != nil)
        clock.advance(seconds: 120)

        // Four times the limit, each chunk read once right after it was stored, as a reader that lags behind does.
        let size = 96 << 20
        let content = cache.content(for: key("a.bam", size: size))
        let bytes = pattern(2, size: 2 << 20)
        for start in stride(from: 0, to: size, by: 2 << 20) {
            await content.store(bytes, at: Int64(start))
            #expect(content.read(start..<start + 1000) != nil)
        }
        #expect(index.read(0..<3 * block) == indexBytes)
        #expect(cold.firstMissing(in: 0..<cold.key.size) == 0..<cold.key.size)
        #expect(content.read(size - (2 << 20)..<size) == bytes)
        #expect(content.read(0..<100) == nil)
    }

    @Test func spaceIsLeftFreeOnTheDisk() async throws {
        let directory = try CacheDirectory()
        let log = RecordedLog()
        let cache = try BlockCache.test(.directory(directory.path), keepFree: 1 << 60, log: log)
        let content = cache.content(for: key("a", size: block))
        await content.store(pattern(1, size: block), at: 0)
        #expect(content.firstMissing(in: 0..<1) != nil)
        #expect(log.lines.count == 1)
    }

    @Test func whatIsLargerThanTheCacheIsDropped() async throws {
        let cache = try BlockCache.test(.memory, limit: Int64(2 * block))
        let content = cache.content(for: key("a", size: 4 * block))
        await content.store(pattern(1, size: 4 * block), at: 0)
        #expect(content.firstMissing(in: 0..<1) != nil)
        await content.store(pattern(1, size: block), at: 0)
        #expect(content.firstMissing(in: 0..<1) == nil)
    }

    @Test func aCacheSmallerThanABlockIsRefused() {
        #expect(throws: BlockCacheError.self) { try BlockCache.test(.memory, limit: Int64(block)) }
    }
}
