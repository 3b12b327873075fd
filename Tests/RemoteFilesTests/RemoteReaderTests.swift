import BaseSpaceAPI
import BlockCache
import TestSupport
import Testing

@testable import RemoteFiles

/// What is asked of the object store, and how often.
@Suite struct RemoteReaderTests {
    @Test func twoReadersOfOneBlockMakeOneGet() async throws {
        let gate = SharedFlag()
        let store = try StoreOfContents { _ in .serveWhen { gate.isSet } }
        try await withReader(store) { fixture in
            let bytes = content(4 * mebibyte)
            let handle = try fixture.open(bytes)
            let other = try fixture.open(bytes)
            let first = try #require(handle.startRead(at: 5000, count: 100))
            let second = try #require(other.startRead(at: 70_000, count: 4096))
            gate.set()
            try await eventually("both are answered") { !first.reply.all.isEmpty && !second.reply.all.isEmpty }
            #expect(try first.reply.all.first?.get().isPart(5000..<5100, of: bytes) == true)
            #expect(try second.reply.all.first?.get().isPart(70_000..<74_096, of: bytes) == true)
            #expect(store.gets.map(\.range) == [0..<block])
        }
    }

    @Test(arguments: [(0, 1), (3 * block + 5, 1), (2 * block - 100, 2)] as [(Int64, Int64)])
    func aLoneSmallReadFetchesItsBlocksInOneGet(offset: Int64, blocks: Int64) async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let bytes = content(8 * mebibyte)
            let handle = try fixture.open(bytes)
            let read = try await handle.bytes(at: offset, count: 4096)
            #expect(read.isPart(offset..<offset + 4096, of: bytes))
            let start = offset / block * block
            #expect(store.gets.map(\.range) == [start..<start + blocks * block])
        }
    }

    @Test func sequentialReadingMakesLongerGetsInParallelAndNoneTwice() async throws {
        let store = try StoreOfContents { get in
            let end = get.time + .milliseconds(30)
            return .serveWhen { ContinuousClock.now >= end }
        }
        try await withReader(store) { fixture in
            let bytes = content(24 * mebibyte + 12_345)
            let handle = try fixture.open(bytes)
            try await fixture.readAll(handle, expecting: bytes)
            let ranges = store.gets.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
            var covered: Int64 = 0
            for range in ranges {
                #expect(range.lowerBound == covered)
                covered = range.upperBound
            }
            #expect(covered == Int64(bytes.count))
            #expect(ranges.map(\.count).max() == 4 << 20)
            #expect(ranges.count < 30)
            #expect(store.server.peakOfConcurrentRequests >= 4)
        }
    }

    /// The kernel's read-ahead sends several reads at once, and the daemon's threads take them in any order.
    @Test(arguments: [false, true], [false, true])
    func aRegionIsTwoGetsInWhateverOrderItsReadsCome(areSwapped: Bool, doesLastWaitFirst: Bool) async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let bytes = content(12 * mebibyte)
            let handle = try fixture.open(bytes)
            let start = 2 * mebibyte
            _ = try await handle.bytes(at: start, count: 1 << 16)
            let offsets = areSwapped ? [start + 2 * block, start + block] : [start + block, start + 2 * block]
            let reads = try offsets.map { offset in
                (try #require(handle.read(at: offset, count: Int(block)) { _ in }), RecordedReply())
            }
            for (pending, reply) in doesLastWaitFirst ? reads.reversed() : reads {
                pending.start(reply)
            }
            try await eventually("both are answered") { reads.allSatisfy { $0.1.all.count == 1 } }
            for (offset, (_, reply)) in zip(offsets, reads) {
                #expect(try reply.all[0].get().isPart(offset..<offset + block, of: bytes))
            }
            let end = start + (areSwapped ? 2 : 1) * block + 8 * mebibyte
            #expect(store.gets.map(\.range) == [start..<start + block, start + block..<end])
        }
    }

    enum Place: CaseIterable {
        case directory
        case memory
    }

    @Test(arguments: Place.allCases) func theSecondPassMakesNoRequest(place: Place) async throws {
        let directory = try TemporaryDirectory()
        let store = try StoreOfContents()
        try await withReader(store, cache: place == .memory ? .memory : .directory(directory.path)) { fixture in
            let bytes = content(5 * mebibyte + 3)
            var handle = Optional(try fixture.open(bytes))
            if let handle {
                try await fixture.readAll(handle, expecting: bytes)
                try await eventually("the cache has all of it") { fixture.cached(handle).isComplete }
            }
            let gets = store.gets.count
            // Without a handle nothing stays in memory.
            handle = nil
            try await fixture.becomesIdle()
            let again = try fixture.open(bytes)
            #expect(again.present(at: 1000, count: 500_000)?.isPart(1000..<501_000, of: bytes) == true)
            try await fixture.readAll(again, expecting: bytes, step: 300_001)
            #expect(store.gets.count == gets)
        }
    }

    @Test func aSecondReaderOfTheSameDirectoryMakesNoRequest() async throws {
        let directory = try TemporaryDirectory()
        let store = try StoreOfContents()
        let bytes = content(3 * mebibyte)
        for pass in 1...2 {
            try await withReader(store, cache: .directory(directory.path)) { fixture in
                let before = store.gets.count
                let handle = try fixture.open(bytes)
                try await fixture.readAll(handle, expecting: bytes)
                try await eventually("the cache has all of it") { fixture.cached(handle).isComplete }
                #expect((store.gets.count == before) == (pass == 2))
            }
        }
    }

    @Test func theURLOfAFileIsAskedForOnce() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let bytes = content(16 * mebibyte)
            let handle = try fixture.open(bytes)
            try await readSpots(handle, count: 8, expecting: bytes)
            #expect(store.gets.count == 8)
            #expect(store.asked(for: "1") == 1)
        }
    }

    @Test func aRefusedURLIsRenewedOnceForAll() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let bytes = content(32 * mebibyte)
            let handle = try fixture.open(bytes)
            _ = try await handle.bytes(at: 31 * mebibyte, count: 1)
            store.refuseURLs()
            try await readSpots(handle, count: 12, expecting: bytes)
            #expect(store.asked(for: "1") == 2)
        }
    }

    @Test func aURLThatEndsInTheMiddleOfAFileIsNotNoticed() async throws {
        let store = try StoreOfContents()
        try await withReader(store, connections: 2) { fixture in
            let bytes = content(12 * mebibyte)
            let handle = try fixture.open(bytes)
            for offset in stride(from: 0, to: 12 * mebibyte, by: Int(block)) {
                if offset == 2 * mebibyte || offset == 7 * mebibyte {
                    store.refuseURLs()
                }
                let part = try await handle.bytes(at: offset, count: Int(block))
                #expect(part.isPart(offset..<offset + block, of: bytes))
            }
            #expect((2...3).contains(store.asked(for: "1")))
        }
    }

    @Test func pastTheEndThereIsNothing() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let bytes = content(block + 10)
            let handle = try fixture.open(bytes)
            #expect(try await handle.bytes(at: block, count: 4096).isPart(block..<block + 10, of: bytes))
            #expect(handle.present(at: block + 10, count: 4096) == [])
            #expect(handle.present(at: 1 << 40, count: 4096) == [])
            #expect(handle.present(at: .max - 1, count: 4096) == [])
            #expect(store.gets.map(\.range) == [block..<block + 10])
        }
    }

    @Test func anEmptyFileNeedsNoRequest() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let handle = try fixture.open([])
            #expect(handle.present(at: 0, count: 4096) == [])
            #expect(store.gets.isEmpty)
            #expect(store.asked(for: "1") == 0)
        }
    }

    @Test func anArchivedFileIsNotOpened() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let version = fixture.version(of: "7", size: 100, isArchived: true)
            let error = #expect(throws: RemoteReadError.self) { try fixture.reader.open(version) }
            #expect(error?.code == .archived)
            #expect(error?.message == "can't read file 7: it is archived; restore it in BaseSpace first")
        }
    }

    /// Reads small pieces far from each other at the same time.
    private func readSpots(_ handle: OpenContent, count: Int64, expecting bytes: [UInt8]) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<count {
                let offset = index * 2 * mebibyte + 77
                group.addTask {
                    try await handle.bytes(at: offset, count: 1000).isPart(offset..<offset + 1000, of: bytes)
                }
            }
            for try await isRight in group {
                #expect(isRight)
            }
        }
    }
}
