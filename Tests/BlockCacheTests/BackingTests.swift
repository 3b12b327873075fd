import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BlockCache

/// Contents as files that are read past the cache: only whole ones that are known to be right.
@Suite struct BackingTests {
    private let directory: CacheDirectory
    private let bytes = pattern(5, size: 40 * block + 500)
    private var key: ContentKey { BlockCacheTests.key("a", size: bytes.count) }

    init() throws {
        directory = try CacheDirectory()
    }

    private func open(limit: Int64 = 1 << 30) throws -> (cache: BlockCache, content: CachedContent) {
        let cache = try BlockCache.test(.directory(directory.path), limit: limit)
        return (cache, cache.content(for: key))
    }

    /// A cache whose content has been handed out once, so that there is a stamp.
    private func stamped() async throws -> (cache: BlockCache, content: CachedContent) {
        let (cache, content) = try open()
        #expect(content.backing() == nil)
        await content.store(bytes, at: 0)
        _ = try await content.backingSoon()
        return (cache, content)
    }

    private func flip(_ offset: Int) throws {
        try directory.overwrite(directory.data(of: key), at: Int64(offset)) { $0 ^ 0x20 }
    }

    // MARK: What is handed out

    @Test func aWholeContentIsHandedOutOnceTheLastBlockIsStored() async throws {
        let (_, content) = try open()
        #expect(content.backing() == nil)
        await content.store(bytes[(3 * block)...], at: Int64(3 * block))
        await content.store(bytes[..<(2 * block)], at: 0)
        #expect(content.backing() == nil)
        await content.store(bytes[(2 * block)..<(3 * block)], at: Int64(2 * block))
        let backing = try await content.backingSoon()
        #expect(backing.holds(bytes))
    }

    @Test func aStampIsTakenForWhatAnEarlierRunStored() async throws {
        let (first, content) = try open()
        await content.store(bytes, at: 0)
        first.shutdown()
        let (_, again) = try open()
        #expect(again.backing() == nil)
        #expect(try await again.backingSoon().holds(bytes))
    }

    @Test func aStampSurvivesReopening() async throws {
        try await stamped().cache.shutdown()
        #expect(try #require(try open().content.backing()).holds(bytes))
    }

    @Test func aStampIsTakenInTheLastMomentBeforeShutdown() async throws {
        let (cache, content) = try open()
        #expect(content.backing() == nil)
        await content.store(bytes, at: 0)
        cache.shutdown()
        #expect(try #require(try open().content.backing()).holds(bytes))
    }

    @Test func aCacheInMemoryHandsNothingOut() async throws {
        let cache = try BlockCache.test(.memory)
        let content = cache.content(for: key)
        await content.store(bytes, at: 0)
        #expect(content.backing() == nil)
        #expect(content.isComplete)
    }

    // MARK: What voids a stamp

    @Test(arguments: [true, false])
    func aFlippedBitIsNeverHandedOut(_ reopens: Bool) async throws {
        var (cache, content) = try await stamped()
        if reopens { cache.shutdown() }
        var times = stat()
        #expect(stat(directory.data(of: key), &times) == 0)
        try flip(7 * block + 9)
        // The mtime can be set back, the ctime can't.
        let kept = [times.st_atim, times.st_mtim]
        #expect(utimensat(AT_FDCWD, directory.data(of: key), kept, 0) == 0)
        if reopens { (cache, content) = try open() }

        #expect(content.backing() == nil)
        try await eventually("the block is found") { [content] in content.firstMissing(in: 0..<key.size) != nil }
        #expect(content.firstMissing(in: 0..<key.size) == Int64(7 * block)..<Int64(8 * block))
        #expect(content.backing() == nil)
        await content.store(bytes[(7 * block)..<(8 * block)], at: Int64(7 * block))
        #expect(try await content.backingSoon().holds(bytes))
        cache.shutdown()
    }

    @Test func aFlippedByteInTheStampVoidsIt() async throws {
        for offset in ContentStamp.offset..<MapHeader.pageSize {
            try directory.overwrite(try await stampedMap(), at: Int64(offset)) { ~$0 }
            let (cache, content) = try open()
            #expect(content.backing() == nil)
            #expect(content.read(0..<100) == Array(bytes[..<100]))
            cache.shutdown()
        }
    }

    private func stampedMap() async throws -> String {
        let (cache, content) = try open()
        if !content.isComplete { await content.store(bytes, at: 0) }
        _ = try await content.backingSoon()
        cache.shutdown()
        return directory.map(of: key)
    }

    @Test func anEvictedOrTruncatedContentIsNotHandedOut() async throws {
        let (cache, content) = try await stamped()
        cache.prune(to: 0)
        #expect(content.backing() == nil)
        await content.store(bytes, at: 0)
        #expect(try await content.backingSoon().holds(bytes))
        #expect(truncate(directory.data(of: key), 3 * block) == 0)
        #expect(content.backing() == nil)
        #expect(truncate(directory.data(of: key), bytes.count) == 0)
        #expect(content.backing() == nil)
        try await eventually("a lost block is found") { !content.isComplete }
    }

    @Test func aFileThatWasCopiedBackIsLookedAtFirst() async throws {
        try await stamped().cache.shutdown()
        let data = directory.data(of: key)
        let copy = data + ".copy"
        try await Shell.output(["cp", "-a", data, copy])
        #expect(rename(copy, data) == 0)
        let (_, content) = try open()
        #expect(content.backing() == nil)
        #expect(try await content.backingSoon().holds(bytes))
    }

    // MARK: What keeps the blocks

    @Test func whatIsHandedOutIsNotFreedUntilItIsClosed() async throws {
        let (cache, content) = try await stamped()
        let other = try BlockCache.test(.directory(directory.path), limit: 1 << 30)
        var backing: BackingFile? = try await content.backingSoon()
        // What the kernel keeps is not the descriptor.
        let kept = dup(try #require(backing).descriptor)
        backing = nil
        for cache in [cache, other] {
            #expect(cache.prune(to: 0) == 0)
            #expect(cache.clear() == 0)
        }
        #expect(content.isComplete)
        #expect(BackingFile(descriptor: dup(kept), size: 0).holds(bytes))
        close(kept)
        #expect(other.prune(to: 0) > 0)
        #expect(content.firstMissing(in: 0..<key.size) == 0..<key.size)
    }

    @Test func othersMakeRoomWhileAContentIsHandedOut() async throws {
        let (cache, content) = try open(limit: 8 << 20)
        #expect(content.backing() == nil)
        await content.store(bytes, at: 0)
        let backing = try await content.backingSoon()
        for index in 0..<20 {
            let other = cache.content(for: BlockCacheTests.key("other \(index)", size: 4 * block))
            await other.store(pattern(UInt64(index), size: 4 * block), at: 0)
            #expect(other.isComplete, "there is room beside the one that stays")
        }
        #expect(backing.holds(bytes))
        #expect(content.read(0..<bytes.count) == bytes)
        #expect(cache.info().bytes <= 8 << 20)
    }

    @Test func aCacheThatIsFullOfWhatIsHandedOutStoresNothing() async throws {
        let (cache, content) = try open(limit: 6 << 20)
        #expect(content.backing() == nil)
        await content.store(bytes, at: 0)
        let backing = try await content.backingSoon()
        let other = cache.content(for: BlockCacheTests.key("other", size: 8 * block))
        await other.store(pattern(1, size: 8 * block), at: 0)
        #expect(other.read(0..<10) == nil)
        #expect(backing.holds(bytes))
    }

    @Test func theDeathOfTheHolderFreesWhatItHeld() async throws {
        let (cache, content) = try await stamped()
        let path = directory.path.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let cache = try BlockCache.test(.directory(FilePath(path)))
            let backing = cache.content(for: BlockCacheTests.key("a", size: 40 * block + 500)).backing()
            // Otherwise it proves nothing: the exit status tells.
            guard backing != nil, cache.clear() == 0 else { exit(1) }
            kill(getpid(), SIGKILL)
        }
        #expect(content.isComplete)
        #expect(cache.clear() > 0)
    }

    @Test func aWrongBlockOfWhatIsHandedOutIsNotPresentAnyMore() async throws {
        let (cache, content) = try await stamped()
        let backing = try await content.backingSoon()
        try flip(2 * block)
        // Unless the voucher, which sees that the file changed, was there first.
        #expect(cache.verify().wrong <= 1)
        #expect(content.firstMissing(in: 0..<key.size) == Int64(2 * block)..<Int64(3 * block))
        #expect(content.backing() == nil)
        withExtendedLifetime(backing) {}
    }

    @Test func damagedFilesOfWhatIsHandedOutStay() async throws {
        var (cache, content) = try await stamped()
        let backing = try await content.backingSoon()
        cache.shutdown()
        try directory.overwrite(directory.map(of: key), at: 9) { ~$0 }
        (cache, content) = try open()
        await content.store(bytes, at: 0)
        #expect(content.read(0..<10) == nil)
        cache.clear()
        #expect(backing.holds(bytes))
    }

    @Test func openingCountsAsUse() async throws {
        let clock = ManualClock()
        let cache = try BlockCache.test(.directory(directory.path), limit: 32 << 20, clock: clock)
        let content = cache.content(for: key)
        #expect(content.backing() == nil)
        await content.store(bytes, at: 0)
        _ = try await content.backingSoon()
        clock.advance(seconds: 100)
        _ = try await content.backingSoon()
        let chunks = content.layout.chunkCount
        try await eventually("all chunks are used") {
            (0..<chunks).allSatisfy { content.files(creating: false)?.record(ofChunk: $0).recency.isProtected == true }
        }
        #expect(try await content.backingSoon().holds(bytes), "the map is no part of what a stamp vouches for")
    }

    // MARK: The page cache

    @Test func whatIsHandedOutComesIntoThePageCache() async throws {
        let (_, content) = try open()
        _ = content.backing()
        await content.store(bytes, at: 0)
        let file = try await content.backingSoon()
        // The test machine may have no memory idle; asked for, it comes all the same.
        #expect(content.bringIn())
        try await eventually("all pages are there") {
            try Self.cachedPages(of: directory.data(of: key), size: bytes.count) >= 1281
        }
        #expect(file.isInPageCache)
        guard try pagesLeaveTheCache() else { return }
        #expect(posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0)
        #expect(!file.isInPageCache)
    }

    /// On tmpfs they are the file, and stay.
    private func pagesLeaveTheCache() throws -> Bool {
        let scratch = try TemporaryDirectory(prefix: "pages")
        let path = try scratch.write([UInt8](repeating: 1, count: 4096), to: "page")
        let file = Glibc.open(path.string, O_RDONLY)
        defer { close(file) }
        fsync(file)
        #expect(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0)
        return try Self.cachedPages(of: path.string, size: 4096) == 0
    }

    private static func cachedPages(of path: String, size: Int) throws -> Int {
        let file = Glibc.open(path, O_RDONLY)
        defer { close(file) }
        let memory = try #require(mmap(nil, size, PROT_READ, MAP_SHARED, file, 0))
        defer { munmap(memory, size) }
        var pages = [UInt8](repeating: 0, count: (size + 4095) / 4096)
        #expect(mincore(memory, size, &pages) == 0)
        return pages.count { $0 & 1 != 0 }
    }
}

extension CachedContent {
    /// The content's file, once the cache can vouch for it.
    fileprivate func backingSoon() async throws -> BackingFile {
        try await eventually("the content is handed out") { self.backing() != nil }
        return try #require(backing())
    }
}

extension BackingFile {
    /// Whether the file's bytes are these.
    fileprivate func holds(_ bytes: [UInt8]) -> Bool {
        var read = [UInt8](repeating: 0, count: bytes.count + 1)
        let count = read.withUnsafeMutableBytes { FileIO.read(descriptor, $0, at: 0) }
        return count == bytes.count && same(Array(read[..<count]), bytes, 0..<bytes.count)
    }
}
