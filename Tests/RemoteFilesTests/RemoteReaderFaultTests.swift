import BaseSpaceAPI
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@testable import RemoteFiles

/// What goes wrong with the object store, and what a reader sees of it.
@Suite struct RemoteReaderFaultTests {
    /// Reads 1 MiB of a file while the first GET of it goes wrong.
    private func read(
        whileTheFirstIs behaviour: StoreOfContents.Behaviour,
        deadlines: HTTPDeadlines = HTTPDeadlines()
    ) async throws -> [StoreOfContents.Get] {
        let store = try StoreOfContents { $0.number == 1 ? behaviour : .serve }
        try await withReader(store, deadlines: deadlines) { fixture in
            let bytes = content(2 * mebibyte)
            let handle = try fixture.open(bytes)
            let read = try await handle.bytes(at: mebibyte, count: 1 << 20)
            #expect(read.isPart(mebibyte..<2 * mebibyte, of: bytes))
        }
        return store.gets
    }

    @Test func aShortBodyIsContinuedWithTheMissingByte() async throws {
        let gets = try await read(whileTheFirstIs: .shortBody(300_001))
        #expect(gets.map(\.range) == [mebibyte..<2 * mebibyte, mebibyte + 300_001..<2 * mebibyte])
    }

    @Test func aResetIsContinuedWithTheMissingByte() async throws {
        let gets = try await read(whileTheFirstIs: .reset(700_000))
        #expect(gets.count == 2)
        // How many of the bytes survive the reset is the kernel's business.
        let start = try #require(gets.last?.range.lowerBound)
        #expect((mebibyte...mebibyte + 700_000).contains(start))
        #expect(gets.last?.range.upperBound == 2 * mebibyte)
    }

    @Test func aStalledBodyIsContinuedWithTheMissingByte() async throws {
        let deadlines = HTTPDeadlines(stallTime: .seconds(3), stallBytesPerSecond: 1024)
        let gets = try await read(whileTheFirstIs: .stall(200_000), deadlines: deadlines)
        #expect(gets.map(\.range) == [mebibyte..<2 * mebibyte, mebibyte + 200_000..<2 * mebibyte])
    }

    @Test func anAnswerThatNeverBeginsIsAskedForAgain() async throws {
        let gets = try await read(whileTheFirstIs: .hang, deadlines: HTTPDeadlines(firstByte: .seconds(3)))
        #expect(gets.map(\.range) == [mebibyte..<2 * mebibyte, mebibyte..<2 * mebibyte])
    }

    @Test func bytesOfAnotherRangeAreNotTaken() async throws {
        let gets = try await read(whileTheFirstIs: .contentRange("bytes 0-1048575/2097152"))
        #expect(gets.count == 2)
    }

    @Test func theWholeFileIsNotTakenForAPart() async throws {
        let gets = try await read(whileTheFirstIs: .ignoreRange)
        #expect(gets.count == 2)
    }

    @Test func aBusyStoreIsLeftAloneForAsLongAsItSays() async throws {
        let gets = try await read(whileTheFirstIs: .status(503, headers: ["Retry-After: 1"]))
        #expect(gets.count == 2)
        #expect(gets[1].time - gets[0].time >= .seconds(1))
    }

    @Test func anotherSizeIsAChange() async throws {
        let store = try StoreOfContents { _ in .contentRange("bytes 0-131071/999999") }
        try await withReader(store) { fixture in
            let handle = try fixture.open(content(mebibyte))
            #expect(await handle.failure(at: 0, count: 10) == .changed)
        }
    }

    @Test func anotherETagIsAChange() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let handle = try fixture.open(content(mebibyte))
            _ = try await handle.bytes(at: 0, count: 10)
            store.put(content(mebibyte, seed: 2), etag: "other", as: "1")
            #expect(await handle.failure(at: 5 * block, count: 10) == .changed)
            // What is here still is what was opened.
            #expect(handle.present(at: 0, count: 10)?.isPart(0..<10, of: content(mebibyte)) == true)
        }
    }

    @Test func aFileThatIsGoneIsGone() async throws {
        let store = try StoreOfContents()
        try await withReader(store) { fixture in
            let handle = try fixture.open(content(mebibyte))
            store.remove("1")
            #expect(await handle.failure(at: 0, count: 10) == .gone)
            store.put(content(mebibyte), etag: "etag-1", as: "1")
            #expect(await handle.failure(at: 0, count: 10) == nil)
        }
    }

    @Test func aStoreThatAlwaysRefusesDenies() async throws {
        let store = try StoreOfContents { _ in .status(403) }
        try await withReader(store) { fixture in
            let handle = try fixture.open(content(mebibyte))
            #expect(await handle.failure(at: 0, count: 10) == .denied)
            #expect(store.asked(for: "1") == 2)
        }
    }

    /// A busy store between the two refusals says that time has passed: the second URL may have ended too.
    @Test func aURLThatEndsWhileTheStoreIsBusyIsRenewedToo() async throws {
        let store = try StoreOfContents { get in
            switch get.number {
            case 1, 3: .status(403)
            case 2: .status(503)
            default: .serve
            }
        }
        try await withReader(store) { fixture in
            let bytes = content(mebibyte)
            let handle = try fixture.open(bytes)
            #expect(try await handle.bytes(at: 0, count: 10).isPart(0..<10, of: bytes))
            #expect(store.asked(for: "1") == 3)
        }
    }

    @Test func aReadEndsAtItsDeadline() async throws {
        let store = try StoreOfContents { _ in .hang }
        try await withReader(store, deadline: .milliseconds(100)) { fixture in
            let handle = try fixture.open(content(4 * mebibyte))
            let start = ContinuousClock.now
            #expect(await handle.failure(at: 0, count: 10) == .timedOut)
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    /// As the kernel does with a page that could not be read ahead.
    @Test func whoAsksAgainAtOnceDoesNotWaitAgain() async throws {
        let store = try StoreOfContents { _ in .hang }
        try await withReader(store, deadline: .milliseconds(100)) { fixture in
            let handle = try fixture.open(content(4 * mebibyte))
            #expect(await handle.failure(at: 0, count: 10) == .timedOut)
            let gets = store.gets.count
            let again = try #require(handle.startRead(at: 0, count: 4096))
            #expect(again.reply.failure == .timedOut)
            #expect(store.gets.count == gets)
            // Other bytes may come.
            let other = try #require(handle.startRead(at: mebibyte, count: 10))
            #expect(other.reply.all.isEmpty)
            #expect(fixture.reader.state.withLock { $0.contents.values.allSatisfy { $0.announced.isEmpty } })
        }
    }

    @Test func aFailedPartFailsItsReadersOnly() async throws {
        let gate = SharedFlag()
        let store = try StoreOfContents { get in
            get.range.contains(mebibyte) ? .status(404) : .serveWhen { gate.isSet }
        }
        try await withReader(store) { fixture in
            let bytes = content(8 * mebibyte)
            let handle = try fixture.open(bytes)
            let far = try #require(handle.startRead(at: 5 * mebibyte, count: 100))
            #expect(await handle.failure(at: mebibyte, count: 100) == .gone)
            #expect(far.reply.all.isEmpty)
            gate.set()
            try await eventually("the other read is answered") { !far.reply.all.isEmpty }
            #expect(try far.reply.all.first?.get().isPart(5 * mebibyte..<5 * mebibyte + 100, of: bytes) == true)
        }
    }
}
