import BaseSpaceAPI
import BlockCache
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import RemoteFiles

/// The ceiling of memory, and caches that take nothing.
@Suite struct RemoteReaderMemoryTests {
    enum Disk: CaseIterable {
        case usable
        case refusing
    }

    /// The smallest cache there is: it never has room for the next block without letting go of the last one.
    private static let oneBlock: Int64 = block + 8192

    @Test(arguments: Disk.allCases) func sixteenReadersShareAFewBuffers(disk: Disk) async throws {
        let limit = 8 << 20
        let peak = HighWaterMark()
        let store = try StoreOfContents()
        let cacheLimit = disk == .usable ? 1 << 30 : Self.oneBlock
        try await withReader(store, cacheLimit: cacheLimit, memory: limit, connections: 8) { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<16 {
                    let bytes = content(3 * mebibyte + Int64(index), seed: UInt64(index))
                    let handle = try fixture.open(bytes, as: EntityID("\(index)"))
                    group.addTask {
                        for offset in stride(from: Int64(0), to: Int64(bytes.count), by: Int(block)) {
                            let part = try await handle.bytes(at: offset, count: Int(block))
                            guard part.isPart(offset..<min(offset + block, Int64(bytes.count)), of: bytes) else {
                                throw WrongBytes(file: handle.file.id)
                            }
                            peak.note(fixture.reader.pool.used)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await fixture.becomesIdle()
        }
        #expect((1...limit).contains(peak.value))
    }

    @Test func aFullDiskNeitherFailsReadersNorMakesThemFetchAgain() async throws {
        try await withReader(try StoreOfContents(), cacheLimit: Self.oneBlock) { fixture in
            try await readTwice(fixture)
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs root")) func aReadOnlyDirectoryDoesNotEither() async throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let directory = disk.path.appending("cache")
        try await withReader(try StoreOfContents(), cache: .directory(directory)) { _ in }
        try disk.makeReadOnly()
        try await withReader(try StoreOfContents(), cache: .directory(directory)) { fixture in
            try await readTwice(fixture)
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs root")) func aFileSystemWithoutSpaceDoesNotEither() async throws {
        let disk = try SmallDisk(bytes: 512 << 10)
        try await withReader(try StoreOfContents(), cache: .directory(disk.path)) { fixture in
            try await readTwice(fixture)
        }
    }

    /// Reads a file that fits into memory twice: what is fetched the first time is enough for both.
    private func readTwice(_ fixture: ReaderFixture) async throws {
        let bytes = content(6 * mebibyte + 999)
        let handle = try fixture.open(bytes)
        for _ in 0..<2 {
            try await fixture.readAll(handle, expecting: bytes)
            #expect(!fixture.cached(handle).isComplete)
            #expect(fixture.store.gets.map(\.range.count).reduce(0, +) == bytes.count)
        }
    }

    /// The second half of a read must not push out the first one, time and again.
    @Test(arguments: Disk.allCases) func readsThatNeedTwoBuffersEndWithLittleMemoryAndLessDisk(disk: Disk) async throws
    {
        let store = try StoreOfContents()
        try await withReader(store, cacheLimit: Self.oneBlock, memory: 4 << 20, connections: 4) { fixture in
            if disk == .refusing {
                fixture.cache.shutdown()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    let bytes = content(8 * mebibyte, seed: UInt64(index))
                    let handle = try fixture.open(bytes, as: EntityID("\(index)"))
                    group.addTask {
                        // Two streams whose segments meet in the middle of the reads that follow.
                        for offset in [0, block, 7 * block, 3 * block, mebibyte - block, 4 * mebibyte - block] {
                            let part = try await handle.bytes(at: offset, count: 1 << 20)
                            guard part.isPart(offset..<offset + mebibyte, of: bytes) else {
                                throw WrongBytes(file: handle.file.id)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await fixture.becomesIdle()
        }
    }

    @Test func idleMemoryGoesBack() async throws {
        try await withReader(try StoreOfContents()) { fixture in
            let bytes = content(mebibyte)
            let handle = try fixture.open(bytes)
            try await fixture.readAll(handle, expecting: bytes)
            #expect(fixture.reader.pool.used > 0)
            try await eventually("an idle handle holds no memory") { fixture.reader.pool.used == 0 }
            withExtendedLifetime(handle) {}
        }
    }
}

/// The highest of several numbers.
private final class HighWaterMark: Sendable {
    private let highest = Atomic(0)

    var value: Int { highest.load(ordering: .relaxed) }

    func note(_ value: Int) {
        highest.max(value, ordering: .relaxed)
    }
}
