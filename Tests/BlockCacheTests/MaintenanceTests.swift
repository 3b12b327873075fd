import Foundation
import SystemPackage
import Testing

@testable import BlockCache

@Suite struct MaintenanceTests {
    private let directory: CacheDirectory
    private let cache: BlockCache
    private let bytes = pattern(3, size: 5 * block + 10)

    init() throws {
        directory = try CacheDirectory()
        cache = try BlockCache.test(.directory(directory.path), limit: 64 << 20)
    }

    private func content(_ name: String) async -> CachedContent {
        let content = cache.content(for: key(name, size: bytes.count))
        await content.store(bytes, at: 0)
        return content
    }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    @Test func infoCountsBytesAndContents() async throws {
        #expect(cache.info() == .init(bytes: 0, limit: 64 << 20, contents: 0))
        let content = await content("a")
        _ = await self.content("b")
        let charge = content.layout.charge(for: 0b111111, inChunk: 0)
        #expect(cache.info() == .init(bytes: 2 * charge, limit: 64 << 20, contents: 2))
        #expect(try directory.allocated() <= 2 * charge + 16384)
    }

    @Test func verifyDropsWrongBlocks() async throws {
        let a = await content("a")
        let b = await content("b")
        let before = cache.info().bytes
        #expect(cache.verify() == .init(contents: 2, blocks: 12, bytes: Int64(2 * bytes.count), wrong: 0))
        try directory.overwrite(directory.data(of: a.key), at: Int64(2 * block)) { ~$0 }
        try directory.overwrite(directory.map(of: b.key), at: 4096 + 16 + 8) { ~$0 }
        #expect(cache.verify() == .init(contents: 2, blocks: 12, bytes: Int64(2 * bytes.count), wrong: 2))
        #expect(cache.info().bytes == before - Int64(2 * block))
        #expect(a.firstMissing(in: 0..<a.key.size) == Int64(2 * block)..<Int64(3 * block))
        #expect(b.firstMissing(in: 0..<b.key.size) == Int64(block)..<Int64(2 * block))
        #expect(cache.verify().wrong == 0)
    }

    @Test(arguments: [0, 1, 7, 11]) func verifyStopsBetweenBlocksWhenItIsTold(_ count: Int) async throws {
        _ = await content("a")
        _ = await content("b")
        let found = cache.verify { $0.blocks < count }
        #expect(found.blocks == count)
        #expect(!found.isComplete)
        #expect(found.contents == count / 6 + 1)
        #expect(cache.verify().isComplete)
    }

    @Test func contentsAreListedWithWhatIsThereOfThem() async throws {
        let clock = ManualClock()
        let cache = try BlockCache.test(.directory(directory.path), clock: clock)
        #expect(cache.listContents() == [])
        let whole = cache.content(for: key("whole", size: bytes.count))
        await whole.store(bytes, at: 0)
        let stored = Int64(clock.clock() / 1000)
        clock.advance(seconds: 100)
        let part = cache.content(for: key("part", size: bytes.count))
        await part.store(bytes[block..<3 * block], at: Int64(block))
        await part.store(bytes[(5 * block)...], at: Int64(5 * block))
        let listed = cache.listContents().sorted { $0.key.file < $1.key.file }
        #expect(
            listed == [
                .init(
                    key: part.key,
                    bytes: part.layout.charge(for: 0b100110, inChunk: 0),
                    present: Int64(2 * block + 10),
                    lastUse: stored + 100
                ),
                .init(
                    key: whole.key,
                    bytes: whole.layout.charge(for: 0b111111, inChunk: 0),
                    present: Int64(bytes.count),
                    lastUse: stored
                ),
            ]
        )
        #expect(listed.reduce(0) { $0 + $1.bytes } == cache.info().bytes)
        // Open contents stay listed when they are emptied.
        cache.clear()
        #expect(Set(cache.listContents().map(\.bytes)) == [0])
        #expect(cache.listContents().allSatisfy { $0.lastUse == nil && $0.present == 0 })
    }

    @Test func pruneStopsAtTheSize() async throws {
        for name in ["a", "b", "c"] {
            _ = await content(name)
        }
        let one = cache.info().bytes / 3
        #expect(cache.prune(to: 2 * one) == one)
        #expect(cache.info().bytes == 2 * one)
        #expect(cache.prune(to: 2 * one) == 0)
    }

    @Test func clearRemovesFilesAndEmptiesWhatIsOpen() async throws {
        let held = await content("held")
        let gone = key("gone", size: bytes.count)
        _ = await content("gone")
        #expect(cache.clear() > 0)
        #expect(cache.info().bytes == 0)
        #expect(!exists(directory.data(of: gone)))
        #expect(!exists(directory.map(of: gone)))
        #expect(held.read(0..<10) == nil)
        #expect(!held.isComplete)
        await held.store(bytes, at: 0)
        #expect(held.read(0..<bytes.count) == bytes)
    }

    @Test func whatIsNotOursStays() async throws {
        let home = directory.path.string
        _ = await content("a")
        let name = ContentName(key("a", size: bytes.count))
        let strangers = [
            "/thesis.txt", "/v1/notes", "/v1/\(name.directory)/photo.data", "/v1/\(name.directory)/\(name.file).bak",
        ]
        for stranger in strangers {
            try Data("mine".utf8).write(to: URL(fileURLWithPath: home + stranger))
        }
        cache.clear()
        cache.shutdown()
        let reopened = try BlockCache.test(.directory(directory.path), limit: 64 << 20)
        _ = reopened.verify()
        reopened.clear()
        #expect(!exists(directory.data(of: key("a", size: bytes.count))))
        for stranger in strangers {
            #expect(exists(home + stranger), "\(stranger)")
        }
        #expect(exists(home + "/v1/\(name.directory)"))
    }
}
