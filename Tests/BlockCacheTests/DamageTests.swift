import Foundation
import SystemPackage
import Testing

@testable import BlockCache

/// Whatever happens to the files, a reader gets the right bytes or none.
@Suite struct DamageTests {
    private let directory: CacheDirectory
    private let log = RecordedLog()
    private let bytes = pattern(7, size: 3 * block + 500)
    private var key: ContentKey { BlockCacheTests.key("a", size: bytes.count) }

    init() throws {
        directory = try CacheDirectory()
    }

    private func stored() async throws -> (cache: BlockCache, content: CachedContent) {
        let cache = try BlockCache.test(.directory(directory.path), log: log)
        let content = cache.content(for: key)
        await content.store(bytes, at: 0)
        #expect(content.read(0..<bytes.count) == bytes)
        return (cache, content)
    }

    /// Every read gives the right bytes or none, and storing again heals.
    private func expectRightOrNothing(_ content: CachedContent) async {
        for start in stride(from: 0, to: bytes.count, by: 50_000) {
            let range = start..<min(bytes.count, start + 60_000)
            let read = content.read(range)
            #expect(read == nil || read == Array(bytes[range]), "\(range)")
        }
        await content.store(bytes, at: 0)
        #expect(content.read(0..<bytes.count) == bytes)
    }

    @Test func aFlippedBitInABlockIsCaughtAndOnlyThatBlockIsLost() async throws {
        let (_, content) = try await stored()
        try directory.overwrite(directory.data(of: key), at: Int64(block + 1000)) { $0 ^ 0x10 }
        #expect(content.read(block + 5000..<block + 5010) == nil)
        #expect(content.firstMissing(in: 0..<key.size) == Int64(block)..<Int64(2 * block))
        #expect(content.read(0..<block) == Array(bytes[..<block]))
        #expect(content.read(2 * block..<bytes.count) == Array(bytes[(2 * block)...]))
        #expect(log.lines == ["block 1 of file a is damaged in the cache and is fetched again"])
        await expectRightOrNothing(content)
    }

    @Test func aFlippedBitIsCaughtByAReadOfWholeBlocksToo() async throws {
        let (_, content) = try await stored()
        try directory.overwrite(directory.data(of: key), at: Int64(bytes.count - 1)) { $0 ^ 1 }
        #expect(content.read(0..<bytes.count) == nil)
        #expect(content.firstMissing(in: 0..<key.size) == Int64(3 * block)..<key.size)
        await expectRightOrNothing(content)
    }

    @Test(arguments: Array(0..<4) + Array(16..<48)) func aFlippedByteInARecordIsHarmless(_ index: Int) async throws {
        let (_, content) = try await stored()
        try directory.overwrite(directory.map(of: key), at: Int64(4096 + index)) { ~$0 }
        await expectRightOrNothing(content)
    }

    @Test(arguments: [0, 9, 20, 33, 41, 48]) func aDamagedHeaderMakesTheContentAnew(_ index: Int64) async throws {
        try await stored().cache.shutdown()
        try directory.overwrite(directory.map(of: key), at: index) { $0 ^ 0x80 }
        let cache = try BlockCache.test(.directory(directory.path), log: log)
        let content = cache.content(for: key)
        #expect(content.firstMissing(in: 0..<key.size) == 0..<key.size)
        await expectRightOrNothing(content)
        #expect(cache.info().bytes == content.layout.charge(for: 0b1111, inChunk: 0))
    }

    @Test func aBlockInTheWrongPlaceIsCaught() async throws {
        let (_, content) = try await stored()
        let data = try FileHandle(forUpdating: URL(fileURLWithPath: directory.data(of: key)))
        let first = try #require(try data.read(upToCount: block))
        try data.seek(toOffset: UInt64(block))
        try data.write(contentsOf: first)
        let map = try FileHandle(forUpdating: URL(fileURLWithPath: directory.map(of: key)))
        try map.seek(toOffset: 4096 + 16)
        let word = try #require(try map.read(upToCount: 8))
        try map.write(contentsOf: word)
        #expect(content.read(block..<2 * block) == nil)
        await expectRightOrNothing(content)
    }

    @Test(arguments: [0, 1, block, block + 7, 3 * block + 499]) func truncatedBlocks(_ size: Int) async throws {
        let (_, content) = try await stored()
        #expect(truncate(directory.data(of: key), size) == 0)
        await expectRightOrNothing(content)
        #expect(truncate(directory.data(of: key), size) == 0)
        let reopened = try BlockCache.test(.directory(directory.path)).content(for: key)
        await expectRightOrNothing(reopened)
    }

    @Test(arguments: [0, 47, 100, 4096, 4100, 4110, 4131]) func aTruncatedMap(_ size: Int) async throws {
        let (_, content) = try await stored()
        #expect(truncate(directory.map(of: key), size) == 0)
        await expectRightOrNothing(content)
        #expect(truncate(directory.map(of: key), size) == 0)
        let reopened = try BlockCache.test(.directory(directory.path)).content(for: key)
        await expectRightOrNothing(reopened)
    }

    @Test(arguments: ["data", "map"]) func aRemovedFile(_ which: String) async throws {
        let (_, content) = try await stored()
        #expect(unlink(which == "data" ? directory.data(of: key) : directory.map(of: key)) == 0)
        await expectRightOrNothing(content)
        let reopened = try BlockCache.test(.directory(directory.path)).content(for: key)
        await expectRightOrNothing(reopened)
    }

    @Test func anotherKeyUnderTheSameNameIsNotServed() async throws {
        // As if two keys had the same hash: this content's files, under the other one's name.
        try await stored().cache.shutdown()
        let other = ContentKey(file: "b", etag: "x", size: key.size)
        let name = ContentName(other)
        let home = directory.path.string + "/v1/"
        mkdir(home + name.directory, 0o700)
        #expect(rename(directory.map(of: key), home + name.map) == 0)
        #expect(rename(directory.data(of: key), home + name.data) == 0)
        let content = try BlockCache.test(.directory(directory.path)).content(for: other)
        #expect(content.read(0..<10) == nil)
        await content.store(bytes, at: 0)
        #expect(content.read(0..<10) == nil)
    }
}
