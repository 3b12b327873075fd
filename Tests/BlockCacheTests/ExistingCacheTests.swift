import Foundation
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import BlockCache

/// Looking after a cache without being a mount.
@Suite struct ExistingCacheTests {
    private let directory: CacheDirectory
    private let bytes = pattern(4, size: 3 * block + 5)

    init() throws {
        directory = try CacheDirectory()
    }

    private func existing(changing: Bool = true, in path: FilePath? = nil) throws -> BlockCache? {
        try BlockCache(existing: path ?? directory.path, changing: changing, logger: RecordedLog().logger)
    }

    private func tree() -> [String] {
        FileManager.default.subpaths(atPath: directory.path.string) ?? []
    }

    @Test func nothingIsMadeWhereNoCacheIs() throws {
        #expect(try existing() == nil)
        #expect(try existing(in: directory.path.appending("missing/entirely")) == nil)
        #expect(tree() == [])
        // Somebody else's files with our names.
        for name in ["v1/ledger", "v1/users"] {
            try FileManager.default.createDirectory(
                atPath: directory.path.string + "/v1",
                withIntermediateDirectories: true
            )
            #expect(try existing() == nil)
            try Data("accounts, 2026".utf8).write(to: URL(fileURLWithPath: directory.path.string + "/" + name))
            #expect(try existing() == nil)
        }
        #expect(tree().sorted() == ["v1", "v1/ledger", "v1/users"])
        for name in ["ledger", "users"] {
            let text = try String(contentsOfFile: directory.path.string + "/v1/" + name, encoding: .utf8)
            #expect(text == "accounts, 2026")
        }
    }

    @Test func itShowsWhatIsThereAndStoresNothing() async throws {
        let mount = try BlockCache.test(.directory(directory.path))
        let key = key("a", size: bytes.count)
        await mount.content(for: key).store(bytes, at: 0)
        let cache = try #require(try existing())
        #expect(cache.info().bytes == mount.info().bytes)
        #expect(cache.info().contents == 1)
        #expect(cache.info().limit == nil)
        #expect(cache.content(for: key).read(0..<bytes.count) == bytes)
        #expect(cache.verify() == .init(contents: 1, blocks: 4, bytes: Int64(bytes.count), wrong: 0))
        let other = cache.content(for: BlockCacheTests.key("b", size: bytes.count))
        await other.store(bytes, at: 0)
        #expect(other.read(0..<10) == nil)
        #expect(cache.clear() > 0)
        #expect(mount.info().bytes == 0)
    }

    /// What is used again and again outlives what went through once, though no limit says what "once" is.
    @Test func pruningFollowsTheOrderOfACacheOfThatSize() async throws {
        let clock = ManualClock()
        let mount = try BlockCache.test(.directory(directory.path), clock: clock)
        let index = mount.content(for: key("index", size: bytes.count))
        await index.store(bytes, at: 0)
        clock.advance(seconds: 61)
        #expect(index.read(0..<bytes.count) == bytes)
        let large = mount.content(for: key("large", size: 3 * chunk))
        await large.store(pattern(5, size: 3 * chunk), at: 0)
        let cache = try #require(try existing())
        let target: Int64 = 6 << 20
        #expect(cache.prune(to: target) > 0)
        #expect(cache.info().bytes <= target)
        #expect(index.read(0..<bytes.count) == bytes)
        #expect(!large.isComplete)
        #expect(large.read(2 * chunk..<2 * chunk + block) != nil)
    }

    @Test func itKnowsWhetherOthersUseIt() async throws {
        let mount = try BlockCache.test(.directory(directory.path))
        let cache = try #require(try existing())
        #expect(cache.isUsedByOthers)
        // Asking has not given up our own lock.
        #expect(cache.isUsedByOthers)
        #expect(mount.isUsedByOthers)
        cache.shutdown()
        let next = try #require(try existing())
        #expect(next.isUsedByOthers)
        mount.shutdown()
        #expect(!next.isUsedByOthers)
        #expect(!next.isUsedByOthers)
    }

    @Test func theLastToCloseLeavesACountThatIsBelieved() async throws {
        let mount = try BlockCache.test(.directory(directory.path))
        await mount.content(for: key("a", size: bytes.count)).store(bytes, at: 0)
        mount.shutdown()
        try #require(try existing()).shutdown()
        // A count that nobody would arrive at, so that it shows who counts.
        try directory.overwrite(directory.path.string + "/v1/ledger", at: 16) { $0 ^ 1 }
        let charged = BlockCache.space(below: directory.path)?.held
        let cache = try #require(try existing())
        #expect(cache.info().bytes == charged)
    }

    @Test func aCacheThatOthersMayWriteToIsRefused() async throws {
        try BlockCache.test(.directory(directory.path)).shutdown()
        chmod(directory.path.string + "/v1", 0o777)
        for changing in [true, false] {
            let error = #expect(throws: BlockCacheError.self) { try existing(changing: changing) }
            #expect(error?.code == .unsafeDirectory)
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func aDiskThatIsReadOnlyCanBeLookedAtAndNotChanged() async throws {
        let disk = try SmallDisk(bytes: 16 << 20)
        var charged: Int64 = 0
        do {
            let mount = try BlockCache.test(.directory(disk.path))
            await mount.content(for: key("a", size: bytes.count)).store(bytes, at: 0)
            charged = mount.info().bytes
            // Its threads have files open for as long as they work.
            mount.shutdown()
        }
        try disk.makeReadOnly()
        let cache = try #require(try existing(changing: false, in: disk.path))
        #expect(cache.info().bytes == charged)
        #expect(cache.listContents().map(\.present) == [Int64(bytes.count)])
        #expect(!cache.isUsedByOthers)
        let error = #expect(throws: BlockCacheError.self) { try existing(in: disk.path) }
        #expect(error?.errno == .readOnlyFileSystem)
        #expect(error?.message.contains("can't change the cache \(disk.path)/v1") == true)
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func whatACacheHoldsIsPartOfItsSpace() async throws {
        let disk = try SmallDisk(bytes: 16 << 20)
        let empty = try #require(BlockCache.space(below: disk.path))
        #expect(empty.held == 0)
        #expect(empty.free > 15 << 20)
        #expect(BlockCache.space(below: disk.path.appending("not/there/yet")) == empty)
        let mount = try BlockCache.test(.directory(disk.path))
        let large = pattern(1, size: 6 << 20)
        await mount.content(for: key("a", size: large.count)).store(large, at: 0)
        let filled = try #require(BlockCache.space(below: disk.path))
        #expect(filled.held == mount.info().bytes)
        #expect(filled.free < 10 << 20)
        // The ledger and the like take some pages that nobody is charged with.
        #expect(abs(filled.free + filled.held - empty.free) < 64 << 10)
    }
}
