import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import BlockCache

/// What a cache is for, the same on disk and in memory.
@Suite struct ReadingTests {
    enum Place: CaseIterable {
        case directory
        case memory
    }

    private let directory: CacheDirectory

    init() throws {
        directory = try CacheDirectory()
    }

    private func cache(_ place: Place, limit: Int64 = 1 << 30) throws -> BlockCache {
        try .test(place == .memory ? .memory : .directory(directory.path), limit: limit)
    }

    @Test(arguments: Place.allCases) func whatWasStoredIsRead(_ place: Place) async throws {
        let cache = try cache(place)
        let bytes = pattern(1, size: chunk + 3 * block + 777)
        let content = cache.content(for: key("a", size: bytes.count))
        #expect(content.read(0..<10) == nil)
        #expect(!content.isComplete)
        await content.store(bytes, at: 0)
        #expect(content.isComplete)
        #expect(content.read(0..<bytes.count) == bytes)
        for range in [0..<1, 5..<4096, block - 1..<block + 1, chunk - 10..<chunk + 10, 17..<chunk + block + 5] {
            #expect(content.read(range) == Array(bytes[range]), "\(range)")
        }
        #expect(content.read(bytes.count - 1..<bytes.count) == Array(bytes.suffix(1)))
        #expect(content.read(bytes.count..<bytes.count) == [])
    }

    @Test(arguments: Place.allCases) func bytesOutsideOfTheContentAreNotThere(_ place: Place) async throws {
        let content = try cache(place).content(for: key("a", size: 100))
        await content.store(pattern(1, size: 100), at: 0)
        #expect(content.read(0..<101) == nil)
        #expect(content.read(101..<102) == nil)
        #expect(content.read(-1..<1) == nil)
    }

    @Test(arguments: Place.allCases) func theFirstMissingRunIsWholeBlocks(_ place: Place) async throws {
        let size = 2 * chunk + 100
        let bytes = pattern(2, size: size)
        let content = try cache(place).content(for: key("a", size: size))
        #expect(content.firstMissing(in: 5..<6) == 0..<Int64(block))
        #expect(content.firstMissing(in: 0..<Int64(size)) == 0..<Int64(size))
        await content.store(bytes[..<(2 * block)], at: 0)
        await content.store(bytes[chunk..<chunk + block], at: Int64(chunk))
        #expect(content.firstMissing(in: 0..<Int64(2 * block)) == nil)
        #expect(content.firstMissing(in: 0..<Int64(2 * block + 1)) == Int64(2 * block)..<Int64(3 * block))
        // The run crosses from one chunk's record to the next, and ends at the first present block.
        #expect(content.firstMissing(in: 0..<Int64(size)) == Int64(2 * block)..<Int64(chunk))
        #expect(content.firstMissing(in: Int64(chunk)..<Int64(size)) == Int64(chunk + block)..<Int64(size))
        #expect(content.firstMissing(in: Int64(size - 1)..<Int64(size + 500)) == Int64(2 * chunk)..<Int64(size))
    }

    @Test(arguments: Place.allCases) func anotherVersionOfAFileIsAnotherContent(_ place: Place) async throws {
        let cache = try cache(place)
        let old = cache.content(for: ContentKey(file: "a", etag: "1", size: 10))
        let new = cache.content(for: ContentKey(file: "a", etag: "2", size: 10))
        await old.store([UInt8](repeating: 1, count: 10), at: 0)
        #expect(new.read(0..<10) == nil)
        await new.store([UInt8](repeating: 2, count: 10), at: 0)
        #expect(old.read(0..<1) == [1])
        #expect(new.read(0..<1) == [2])
    }

    @Test(arguments: Place.allCases) func anEmptyContentIsComplete(_ place: Place) async throws {
        let content = try cache(place).content(for: key("a", size: 0))
        #expect(content.isComplete)
        #expect(content.firstMissing(in: 0..<10) == nil)
        #expect(content.read(0..<0) == [])
        await content.store([], at: 0)
    }

    @Test(arguments: Place.allCases) func aContentIsOneObjectAndOutlivesItsHolder(_ place: Place) async throws {
        let cache = try cache(place)
        let bytes = pattern(3, size: 1000)
        do {
            let content = cache.content(for: key("a", size: 1000))
            #expect(cache.content(for: key("a", size: 1000)) === content)
            await content.store(bytes, at: 0)
        }
        #expect(cache.content(for: key("a", size: 1000)).read(0..<1000) == bytes)
    }

    @Test(arguments: Place.allCases) func whatIsNotWholeBlocksIsDroppedAndCompletes(_ place: Place) async throws {
        let cache = try cache(place)
        let content = cache.content(for: key("a", size: 3 * block))
        await content.store(pattern(1, size: 100), at: 0)
        await content.store(pattern(1, size: block), at: 4096)
        await content.store(pattern(1, size: block), at: Int64(3 * block))
        await content.store(pattern(1, size: block), at: -Int64(block))
        await content.store(pattern(1, size: 0), at: 0)
        #expect(content.firstMissing(in: 0..<Int64(3 * block)) == 0..<Int64(3 * block))
        #expect(cache.info().bytes == 0)
    }

    @Test(arguments: Place.allCases) func memoryThatIsNotPageAlignedIsStoredToo(_ place: Place) async throws {
        let content = try cache(place).content(for: key("a", size: 2 * block))
        let bytes = pattern(4, size: 2 * block)
        let memory = Memory([0] + bytes)
        await withCheckedContinuation { continuation in
            content.store(UnsafeRawBufferPointer(rebasing: memory.bytes[1...]), at: 0) { continuation.resume() }
        }
        #expect(content.read(0..<2 * block) == bytes)
    }

    @Test(arguments: Place.allCases) func shutdownFinishesWhatIsQueued(_ place: Place) throws {
        let cache = try cache(place)
        let content = cache.content(for: key("a", size: 16 * block))
        let memory = Memory(pattern(5, size: 16 * block))
        let completed = Mutex(0)
        for index in 0..<16 {
            let part = UnsafeRawBufferPointer(rebasing: memory.bytes[index * block..<(index + 1) * block])
            content.store(part, at: Int64(index * block)) { completed.withLock { $0 += 1 } }
        }
        cache.shutdown()
        let afterShutdown = completed.withLock { $0 }
        #expect(afterShutdown == 16)
        #expect(content.isComplete)
        // Afterwards a store is dropped, and still completes once.
        content.store(UnsafeRawBufferPointer(memory.bytes), at: 0) { completed.withLock { $0 += 1 } }
        let afterStore = completed.withLock { $0 }
        #expect(afterStore == 17)
        #expect(content.read(0..<100) == pattern(5, size: 100))
    }

    @Test func theDirectoryIsTheUsersAlone() async throws {
        let home = directory.path.appending("new")
        let cache = try BlockCache.test(.directory(home))
        let key = key("a", size: 10)
        await cache.content(for: key).store(pattern(1, size: 10), at: 0)
        func mode(_ path: String) -> mode_t {
            var status = stat()
            #expect(lstat(home.string + path, &status) == 0, "\(path)")
            return status.st_mode & 0o777
        }
        let name = ContentName(key)
        #expect(["", "/v1", "/v1/\(name.directory)"].map(mode) == [0o700, 0o700, 0o700])
        #expect(["/v1/ledger", "/v1/\(name.data)", "/v1/\(name.map)"].map(mode) == [0o600, 0o600, 0o600])
    }

    @Test func whatWasStoredSurvivesARestart() async throws {
        let bytes = pattern(6, size: 3 * block + 1)
        let key = key("a", size: bytes.count)
        let first = try BlockCache.test(.directory(directory.path))
        await first.content(for: key).store(bytes, at: 0)
        let charged = first.info().bytes
        first.shutdown()
        let second = try BlockCache.test(.directory(directory.path))
        #expect(second.content(for: key).read(0..<bytes.count) == bytes)
        #expect(second.info() == .init(bytes: charged, limit: 1 << 30, contents: 1))
    }
}
