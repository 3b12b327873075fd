import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BlockCache

/// A disk that fails is a cache that doesn't help, and never a reader's error.
@Suite struct FailingDiskTests {
    private let log = RecordedLog()
    private let bytes = pattern(5, size: 24 * block)

    /// Stores contents of 3 MiB and returns how many of their blocks are present, all of them right.
    private func fill(_ cache: BlockCache, _ count: Int) async -> Int {
        var present = 0
        for index in 0..<count {
            let content = cache.content(for: key("file \(index)", size: bytes.count))
            await content.store(bytes, at: 0)
        }
        for index in 0..<count {
            let content = cache.content(for: key("file \(index)", size: bytes.count))
            for start in stride(from: 0, to: bytes.count, by: block) {
                if let read = content.read(start..<start + block) {
                    present += 1
                    #expect(same(read, bytes, start..<start + block))
                }
            }
        }
        return present
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func aFullDiskDropsStoresAndEvictsWhatIsOlder() async throws {
        let disk = try SmallDisk(bytes: 8 << 20)
        let cache = try BlockCache.test(.directory(disk.path), limit: 1 << 30, log: log)
        let present = await fill(cache, 6)
        #expect(present >= 24)
        #expect(cache.info().bytes <= 8 << 20)
        // The newest one is there: the older ones made room.
        #expect(cache.content(for: key("file 5", size: bytes.count)).isComplete)
        #expect(log.lines.count <= 1)
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func aDiskThatIsFullOfOthersThings() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let clock = ManualClock()
        let cache = try BlockCache.test(.directory(disk.path), log: log, clock: clock)
        let filler = open(disk.path.string + "/filler", O_WRONLY | O_CREAT, 0o600)
        let zeros = [UInt8](repeating: 1, count: 1 << 16)
        while write(filler, zeros, zeros.count) > 0 {}
        close(filler)
        #expect(await fill(cache, 3) == 0)
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.hasPrefix("the cache does not store: ") == true)
        unlink(disk.path.string + "/filler")
        // The next pass over the cache is due.
        clock.advance(seconds: 2)
        #expect(await fill(cache, 1) == 24)
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func aReadOnlyDiskServesWhatItHas() async throws {
        let disk = try SmallDisk(bytes: 16 << 20)
        do {
            let cache = try BlockCache.test(.directory(disk.path))
            await cache.content(for: key("old", size: bytes.count)).store(bytes, at: 0)
            cache.shutdown()
        }
        try disk.makeReadOnly()
        let cache = try BlockCache.test(.directory(disk.path), log: log)
        let content = cache.content(for: key("old", size: bytes.count))
        #expect(content.read(0..<bytes.count) == bytes)
        #expect(content.isComplete)
        #expect(await fill(cache, 2) == 0)
        #expect(cache.verify().wrong == 0)
        #expect(cache.clear() == 0)
        #expect(log.lines.count == 1)
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func aDiskThatShrinksWhileItIsUsed() async throws {
        let disk = try SmallDisk(bytes: 32 << 20)
        let cache = try BlockCache.test(.directory(disk.path), log: log)
        #expect(await fill(cache, 1) == 24)
        let content = cache.content(for: key("file 0", size: bytes.count))
        try disk.resize(to: 4 << 20)
        #expect(await fill(cache, 3) >= 24)
        let read = content.read(0..<block)
        #expect(read == nil || read == Array(bytes[..<block]))
        #expect(log.lines.count <= 1)
    }

    @Test func aDirectoryThatVanishes() async throws {
        let directory = try CacheDirectory()
        let cache = try BlockCache.test(.directory(directory.path), log: log)
        let held = cache.content(for: key("held", size: bytes.count))
        await held.store(bytes, at: 0)
        try FileManager.default.removeItem(atPath: directory.path.string)
        #expect(await fill(cache, 2) == 0)
        let read = held.read(0..<bytes.count)
        #expect(read == nil || read == bytes)
        #expect(cache.info().contents == 0)
        #expect(log.lines.count == 1)
        cache.clear()
    }

    /// What a quota or a full disk does, for where mounting isn't allowed: no file may grow past 1 MiB.
    @Test func filesThatMayNotGrow() async throws {
        let directory = try CacheDirectory()
        let path = directory.path.string
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            let log = RecordedLog()
            let cache = try BlockCache.test(.directory(FilePath(path)), log: log)
            let small = cache.content(for: key("small", size: block))
            let large = cache.content(for: key("large", size: 24 * block))
            await large.store(pattern(1, size: block), at: 0)
            var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            await large.store(pattern(1, size: 8 * block), at: Int64(12 * block))
            await small.store(pattern(2, size: block), at: 0)
            #expect(large.firstMissing(in: Int64(12 * block)..<Int64(20 * block)) != nil)
            #expect(large.read(0..<block) == pattern(1, size: block))
            #expect(small.read(0..<block) == pattern(2, size: block))
            #expect(log.lines.count == 1)
            #expect(cache.verify().wrong == 0)
        }
    }

    @Test func aDirectoryThatCanNotBeIsRefusedInOneLine() throws {
        let directory = try CacheDirectory()
        try Data().write(to: URL(fileURLWithPath: directory.path.string + "/file"))
        let path = directory.path.appending("file").appending("cache")
        let error = #expect(throws: BlockCacheError.self) { try BlockCache.test(.directory(path)) }
        #expect(error?.code == .unusableDirectory)
        #expect(error?.message.contains(path.string) == true)
        #expect(error?.errno == .notDirectory)
    }

    @Test func aDirectoryThatOthersMayWriteToIsRefused() throws {
        let directory = try CacheDirectory()
        let version = directory.path.string + "/v1"
        #expect(mkdir(version, 0o700) == 0 && chmod(version, 0o777) == 0)
        let error = #expect(throws: BlockCacheError.self) { try BlockCache.test(.directory(directory.path)) }
        #expect(error?.code == .unsafeDirectory)
    }

    @Test func aLineAMinuteWithTheNumberLeftOut() {
        var limiter = LogLimiter()
        #expect(Self.admitted(&limiter, at: 5) == 0)
        #expect(Self.admitted(&limiter, at: 6) == nil)
        #expect(Self.admitted(&limiter, at: 60_004) == nil)
        #expect(Self.admitted(&limiter, at: 60_005) == 2)
        #expect(Self.admitted(&limiter, at: 60_006) == nil)
    }

    private static func admitted(_ limiter: inout LogLimiter, at now: UInt64) -> Int? {
        limiter.admit(at: now)
    }
}
