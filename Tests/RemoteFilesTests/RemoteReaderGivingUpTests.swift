import BaseSpaceAPI
import Synchronization
import TestSupport
import Testing

@testable import RemoteFiles

/// Reads that are interrupted, and handles that are closed.
@Suite struct RemoteReaderGivingUpTests {
    @Test func anInterruptedReadIsAnsweredAtOnceAndItsTransferEnds() async throws {
        let store = try StoreOfContents { _ in .hang }
        try await withReader(store) { fixture in
            let handle = try fixture.open(content(8 * mebibyte))
            let waiting = try #require(handle.startRead(at: 0, count: 400 << 10))
            try await eventually("the store is asked") { !store.gets.isEmpty }
            waiting.read.cancel()
            #expect(waiting.reply.failure == .cancelled)
            waiting.read.cancel()
            #expect(waiting.reply.all.count == 1)
            try await eventually("the transfer ends") {
                store.server.openConnections == 0 && fixture.reader.pool.used == 0
            }
            #expect(fixture.reader.state.withLock { $0.active } == 0)
        }
    }

    @Test func aReadThatIsInterruptedBeforeItWaitsIsAnsweredToo() async throws {
        let store = try StoreOfContents { _ in .hang }
        try await withReader(store) { fixture in
            let handle = try fixture.open(content(8 * mebibyte))
            let pending = try #require(handle.read(at: 0, count: 400 << 10) { _ in })
            let reply = RecordedReply()
            pending.cancel()
            pending.start(reply)
            #expect(reply.failure == .cancelled && reply.all.count == 1)
        }
    }

    @Test func anInterruptedReadMakesRoomForTheNext() async throws {
        let store = try StoreOfContents { $0.file == "1" ? .hang : .serve }
        try await withReader(store, connections: 1) { fixture in
            let hanging = try fixture.open(content(8 * mebibyte))
            let bytes = content(mebibyte, seed: 2)
            let other = try fixture.open(bytes, as: "2")
            let first = try #require(hanging.startRead(at: 0, count: 400 << 10))
            try await eventually("the store is asked") { !store.gets.isEmpty }
            let second = try #require(other.startRead(at: 0, count: 10))
            first.read.cancel()
            try await eventually("the other read is answered") { !second.reply.all.isEmpty }
            #expect(try second.reply.all.first?.get().isPart(0..<10, of: bytes) == true)
        }
    }

    @Test func aReadAtItsDeadlineMakesRoomForTheNext() async throws {
        let store = try StoreOfContents { $0.file == "1" ? .hang : .serve }
        // 4 MiB of memory: eight reads of half of one take all of it.
        try await withReader(store, memory: 4 << 20, deadline: .seconds(2)) { fixture in
            let hanging = try fixture.open(content(16 * mebibyte))
            let bytes = content(mebibyte, seed: 2)
            let other = try fixture.open(bytes, as: "2")
            let hung = (0..<8).compactMap { hanging.startRead(at: $0 * 2 * mebibyte, count: 400 << 10) }
            try await eventually("the store is asked") { store.gets.count == 8 }
            #expect(fixture.reader.pool.used == 4 << 20)
            try await eventually("the reads end") { hung.allSatisfy { $0.reply.failure == .timedOut } }
            #expect(try await other.bytes(at: 0, count: 10).isPart(0..<10, of: bytes))
        }
    }

    @Test func memoryOfInterruptedReadsGoesToWhoWaitsForIt() async throws {
        let store = try StoreOfContents { $0.file == "1" ? .hang : .serve }
        // Eight reads of 512 KiB take all of it.
        try await withReader(store, memory: 4 << 20) { fixture in
            let hanging = try fixture.open(content(16 * mebibyte))
            let bytes = content(mebibyte, seed: 2)
            let other = try fixture.open(bytes, as: "2")
            let hung = (0..<8).compactMap { hanging.startRead(at: $0 * 2 * mebibyte, count: 400 << 10) }
            try await eventually("the store is asked") { store.gets.count == 8 }
            #expect(fixture.reader.pool.used == 4 << 20)
            let waiting = try #require(other.startRead(at: 0, count: 10))
            for index in hung.indices {
                hung[index].read.cancel()
            }
            try await eventually("the read is answered") { !waiting.reply.all.isEmpty }
            #expect(try waiting.reply.all.first?.get().isPart(0..<10, of: bytes) == true)
        }
    }

    @Test func aFetchThatBacksOffEndsWithItsHandle() async throws {
        let store = try StoreOfContents { _ in .status(503, headers: ["Retry-After: 30"]) }
        try await withReader(store) { fixture in
            var waiting = try fixture.open(content(mebibyte)).startRead(at: 0, count: 10)
            try await eventually("the store has said that it is busy") {
                store.server.openConnections == 0 && !store.gets.isEmpty
            }
            waiting?.read.cancel()
            waiting = nil
            try await fixture.becomesIdle()
        }
    }

    @Test func anotherReaderOfTheSameBytesGoesOn() async throws {
        let gate = SharedFlag()
        let store = try StoreOfContents { _ in .serveWhen { gate.isSet } }
        try await withReader(store) { fixture in
            let bytes = content(8 * mebibyte)
            let handle = try fixture.open(bytes)
            let first = try #require(handle.startRead(at: 0, count: 1 << 20))
            let second = try #require(handle.startRead(at: block, count: 4096))
            first.read.cancel()
            #expect(first.reply.failure == .cancelled)
            #expect(second.reply.all.isEmpty)
            gate.set()
            try await eventually("the other read is answered") { !second.reply.all.isEmpty }
            #expect(try second.reply.all.first?.get().isPart(block..<block + 4096, of: bytes) == true)
            #expect(store.gets.filter { $0.range.overlaps(0..<mebibyte) }.count == 1)
        }
    }

    @Test func theLastHandleEndsTheReadAhead() async throws {
        let store = try StoreOfContents { $0.range.lowerBound < 2 * mebibyte ? .serve : .hang }
        try await withReader(store) { fixture in
            let bytes = content(64 * mebibyte)
            var handle = Optional(try fixture.open(bytes))
            var other = Optional(try fixture.open(bytes))
            for offset in stride(from: 0, to: mebibyte + 4 * block, by: Int(block)) {
                _ = try await handle?.bytes(at: offset, count: Int(block))
            }
            try await eventually("it reads ahead") { store.gets.contains { $0.range.lowerBound >= 2 * mebibyte } }
            handle = nil
            #expect(fixture.reader.state.withLock { $0.active } > 0)
            withExtendedLifetime(other) {}
            other = nil
            // What is served is nearly here and runs on; what hangs ends at once.
            try await fixture.becomesIdle()
            try await eventually("the connections that hang are closed") {
                store.server.openConnections < store.server.connections
            }
        }
    }

    @Test func aHandleStaysOpenWhileItsReadWaits() async throws {
        let gate = SharedFlag()
        let store = try StoreOfContents { _ in .serveWhen { gate.isSet } }
        try await withReader(store) { fixture in
            let bytes = content(mebibyte)
            let waiting = try #require(try fixture.open(bytes).startRead(at: 0, count: 10))
            gate.set()
            try await eventually("the read is answered") { !waiting.reply.all.isEmpty }
            #expect(try waiting.reply.all.first?.get().isPart(0..<10, of: bytes) == true)
        }
    }
}
