import Foundation
import SystemPackage
import Testing

@testable import BlockCache

/// Several caches on one directory, in one process and in two; and processes that are killed.
@Suite struct SharingTests {
    @Test func whatOneStoresTheOtherReads() async throws {
        let directory = try CacheDirectory()
        let one = try BlockCache.test(.directory(directory.path))
        let two = try BlockCache.test(.directory(directory.path))
        let bytes = pattern(1, size: 3 * block)
        let key = key("a", size: bytes.count)
        let here = one.content(for: key)
        let there = two.content(for: key)
        #expect(there.firstMissing(in: 0..<key.size) != nil)
        await here.store(bytes[..<block], at: 0)
        #expect(there.firstMissing(in: 0..<key.size) == Int64(block)..<key.size)
        #expect(there.read(0..<block) == Array(bytes[..<block]))
        await there.store(bytes[block...], at: Int64(block))
        #expect(here.read(0..<bytes.count) == bytes)
        #expect(one.info() == two.info())
    }

    @Test func anEvictionByOneIsAbsenceForTheOther() async throws {
        let directory = try CacheDirectory()
        let one = try BlockCache.test(.directory(directory.path))
        let two = try BlockCache.test(.directory(directory.path))
        let bytes = pattern(1, size: 3 * block)
        let content = one.content(for: key("a", size: bytes.count))
        await content.store(bytes, at: 0)
        two.clear()
        #expect(content.read(0..<10) == nil)
        #expect(one.info().bytes == 0)
        // The files were open and so are still the directory's.
        await content.store(bytes, at: 0)
        #expect(two.content(for: content.key).read(0..<bytes.count) == bytes)
    }

    /// Two caches store into, read from and evict each other's blocks all at once; the limit holds for both together.
    @Test func twoCachesUnderOneLimit() async throws {
        let directory = try CacheDirectory()
        let limit: Int64 = 5 << 20
        let caches = try (0..<2).map { _ in try BlockCache.test(.directory(directory.path), limit: limit) }
        try await Self.exercise(caches, rounds: 150, seed: 11)
        #expect(caches[0].info() == caches[1].info())
        #expect(caches[0].info().bytes <= limit)
        #expect(caches[0].verify().wrong == 0)
        #expect(try directory.allocated() <= limit)
    }

    /// The same with a second process, which is killed in the middle of it, again and again.
    @Test func aSecondProcessThatIsKilled() async throws {
        let directory = try CacheDirectory()
        let limit: Int64 = 5 << 20
        let cache = try BlockCache.test(.directory(directory.path), limit: limit)
        for seed: UInt64 in 1...4 {
            let path = directory.path.string
            async let child: Void = Self.exerciseInProcessThatIsKilled(path, limit, seed)
            try await Self.exercise([cache], rounds: 60, seed: 100 + seed)
            await child
        }
        #expect(cache.info().bytes <= limit)
        #expect(cache.verify().wrong == 0)
        cache.shutdown()
        try await Self.expectSoundAfterRestart(directory, limit)
    }

    /// A process alone that is killed: what it had stored serves, what it was storing is absent, the count is right.
    @Test func aProcessThatIsKilledWhileItWrites() async throws {
        let directory = try CacheDirectory()
        let limit: Int64 = 64 << 20
        let path = directory.path.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, limit = limit as Int64] in
            let cache = try BlockCache.test(.directory(FilePath(path)), limit: limit)
            let bytes = pattern(9, size: chunk)
            await cache.content(for: key("done", size: chunk)).store(bytes, at: 0)
            for index in 0..<10 {
                let memory = Memory(bytes)
                let content = cache.content(for: key("file \(index)", size: chunk))
                content.store(UnsafeRawBufferPointer(memory.bytes), at: 0) { withExtendedLifetime(memory) {} }
            }
            kill(getpid(), SIGKILL)
        }
        let cache = try BlockCache.test(.directory(directory.path), limit: limit)
        let bytes = pattern(9, size: chunk)
        #expect(cache.content(for: key("done", size: chunk)).read(0..<chunk) == bytes)
        for index in 0..<10 {
            let read = cache.content(for: key("file \(index)", size: chunk)).read(0..<chunk)
            #expect(read == nil || read == bytes)
        }
        cache.shutdown()
        try await Self.expectSoundAfterRestart(directory, limit)
    }

    /// After a crash the ledger may have lost bytes that the disk holds (a power failure loses what it likes).
    @Test func aLedgerThatIsWrongIsCountedAfresh() async throws {
        let directory = try CacheDirectory()
        let bytes = pattern(1, size: 6 * block)
        let key = key("a", size: bytes.count)
        let first = try BlockCache.test(.directory(directory.path))
        await first.content(for: key).store(bytes, at: 0)
        let charged = first.info().bytes
        first.shutdown()
        let ledger = directory.path.string + "/v1/ledger"
        for index: Int64 in 16..<24 {
            try directory.overwrite(ledger, at: index) { _ in 0 }
        }
        try directory.overwrite(ledger, at: 24) { ~$0 }
        // And a map that has lost two of its blocks.
        try directory.overwrite(directory.map(of: key), at: 4096) { _ in 0b1111 }
        let second = try BlockCache.test(.directory(directory.path))
        #expect(second.info().bytes == charged - Int64(2 * block))
        #expect(try directory.allocated() <= charged)
        let content = second.content(for: key)
        #expect(content.read(0..<4 * block) == Array(bytes[..<(4 * block)]))
        #expect(content.read(4 * block..<6 * block) == nil)
    }

    private static func exerciseInProcessThatIsKilled(_ path: String, _ limit: Int64, _ seed: UInt64) async {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, limit = limit as Int64, seed = seed as UInt64] in
            let cache = try BlockCache.test(.directory(FilePath(path)), limit: limit)
            // A time that the test doesn't choose well is the point: the writers are anywhere.
            Thread.detachNewThread {
                usleep(100_000 * UInt32(seed))
                kill(getpid(), SIGKILL)
            }
            try await SharingTests.exercise([cache], rounds: .max, seed: seed)
        }
    }

    private static func expectSoundAfterRestart(_ directory: CacheDirectory, _ limit: Int64) async throws {
        let cache = try BlockCache.test(.directory(directory.path), limit: limit)
        #expect(cache.verify().wrong == 0)
        #expect(cache.info().bytes <= limit)
        let allocated = try directory.allocated()
        #expect(allocated <= cache.info().bytes + 64 << 10)
    }

    /// Stores and reads random blocks of a few contents and checks every byte that is read.
    private static func exercise(_ caches: [BlockCache], rounds: Int, seed: UInt64) async throws {
        let size = 20 * block + 77
        await withTaskGroup { group in
            for (index, cache) in caches.enumerated() {
                group.addTask {
                    var random = SplitMix64(seed: seed &+ UInt64(index))
                    var round = 0
                    while round < rounds {
                        round += 1
                        let file = UInt64.random(in: 0..<5, using: &random)
                        let content = cache.content(for: key("file \(file)", size: size))
                        let bytes = patterns[Int(file)]
                        let first = Int.random(in: 0..<21, using: &random)
                        let range = first * block..<min(size, (first + Int.random(in: 1...4, using: &random)) * block)
                        if Bool.random(using: &random) {
                            await content.store(bytes[range], at: Int64(range.lowerBound))
                        } else if let read = content.read(range) {
                            #expect(same(read, bytes, range), "seed \(seed) file \(file) \(range)")
                        }
                        if round.isMultiple(of: 40) {
                            cache.prune(to: 1 << 20)
                        }
                    }
                }
            }
        }
    }

    private static let patterns = (0..<5).map { pattern(UInt64($0), size: 20 * block + 77) }
}
