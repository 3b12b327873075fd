import BaseSpaceAPI
import Synchronization
import TestSupport
import Testing

@testable import RemoteFiles

/// Random reads of many handles while nearly everything goes wrong now and then: every byte is right, every read is
/// answered, and nothing is left over.
@Suite struct RemoteReaderPropertyTests {
    private static let readers = 10
    private static let readsOfEach = 250

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func everyByteIsRightWhateverGoesWrong(seed: UInt64) async throws {
        let trouble = Trouble(seed: seed)
        // Half of the seeds are told a lie about the life of a URL.
        let store = try StoreOfContents(
            urlLifetime: .seconds(1),
            saidLifetime: seed % 2 == 0 ? .seconds(1) : .seconds(1000)
        ) { trouble.behaviour(for: $0) }
        var random = SeededGenerator(seed: seed)
        let mebibytes = Int64.random(in: 2...6, using: &random) * mebibyte
        let sizes = [0, 1, block - 1, block, block + 1, mebibytes + Int64.random(in: 0..<block, using: &random)]
        let contents = sizes.enumerated().map { content($0.element, seed: seed &+ UInt64($0.offset)) }
        // The cache has room for 7 blocks, memory for two of the longest GETs.
        try await withReader(store, cacheLimit: mebibyte, memory: 4 << 20, connections: 6) { fixture in
            for (index, bytes) in contents.enumerated() {
                store.put(bytes, etag: "etag-\(index)", as: EntityID("\(index)"))
            }
            let generator = random
            try await withThrowingTaskGroup(of: Void.self) { group in
                for reader in 0..<Self.readers {
                    group.addTask {
                        var random = generator
                        for _ in 0..<reader { _ = random.next() }
                        var walk = RandomWalk(fixture: fixture, contents: contents, random: random)
                        for _ in 0..<Self.readsOfEach {
                            try await walk.read()
                        }
                        #expect(walk.mistakes == [], "seed \(seed), reader \(reader)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(fixture.reader.pool.used <= 4 << 20)
            try await fixture.becomesIdle()
            #expect(!fixture.reader.state.withLock { $0.contents.values.contains { !$0.waiters.isEmpty } })
        }
    }
}

/// What goes wrong: a quarter of all GETs, and now and then all of them for a moment.
private final class Trouble: Sendable {
    private let random: Mutex<SeededGenerator>

    init(seed: UInt64) {
        random = Mutex(SeededGenerator(seed: seed))
    }

    func behaviour(for get: StoreOfContents.Get) -> StoreOfContents.Behaviour {
        random.withLock { random in
            // Five in a row of every hundred.
            if get.number % 100 < 5 { return .status(503) }
            let count = Int.random(in: 0...get.range.count, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<6: return .shortBody(count)
            case 6..<12: return .reset(count)
            case 12..<15: return .status(500)
            case 15..<17: return .ignoreRange
            case 17..<19: return .contentRange("bytes 7-8/*")
            case 19..<40:
                let end = get.time + .milliseconds(Int.random(in: 1...60, using: &random))
                return .serveWhen { ContinuousClock.now >= end }
            default: return .serve
            }
        }
    }
}

/// One reader: opens, reads here and there, goes on where it was, gives up now and then, closes.
private struct RandomWalk {
    let fixture: ReaderFixture
    let contents: [[UInt8]]
    var random: SeededGenerator
    private(set) var mistakes: [String] = []
    private var handle: OpenContent?
    private var index = 0
    private var position: Int64 = 0

    init(fixture: ReaderFixture, contents: [[UInt8]], random: SeededGenerator) {
        self.fixture = fixture
        self.contents = contents
        self.random = random
    }

    mutating func read() async throws {
        if handle == nil || Int.random(in: 0..<10, using: &random) == 0 {
            // Most of the time the long one.
            index =
                Bool.random(using: &random) ? contents.count - 1 : contents.indices.randomElement(using: &random) ?? 0
            handle = try fixture.reader.open(fixture.version(of: EntityID("\(index)"), size: contents[index].count))
            position = 0
        }
        guard let handle else { return }
        let size = Int64(contents[index].count)
        let (offset, count) = place(size)
        let expected = min(offset, size)..<min(offset + Int64(count), size)
        position = expected.upperBound
        if Int.random(in: 0..<12, using: &random) == 0 {
            return try await interrupt(handle, offset, count)
        }
        do {
            let bytes = try await handle.bytes(at: offset, count: count)
            if !bytes.isPart(expected, of: contents[index]) {
                mistakes.append("\(bytes.count) wrong bytes of file \(index) at \(offset)")
            }
        } catch {
            mistakes.append("\(count) bytes at \(offset): \(error)")
        }
    }

    private mutating func interrupt(_ handle: OpenContent, _ offset: Int64, _ count: Int) async throws {
        guard let waiting = handle.startRead(at: offset, count: count) else { return }
        if Bool.random(using: &random) {
            await Task.yield()
        }
        waiting.read.cancel()
        // The bytes may be on their way to it from another thread.
        try await eventually("an interrupted read is answered") { !waiting.reply.all.isEmpty }
        if waiting.reply.all.count != 1 {
            mistakes.append("an interrupted read has \(waiting.reply.all.count) answers")
        }
    }

    /// Where to read next, and how much: block by block, at the end, over a bound, anywhere.
    private mutating func place(_ size: Int64) -> (offset: Int64, count: Int) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: (position < size ? position : 0, Int(block))
        case 5: (max(0, size - Int64.random(in: 0...5000, using: &random)), 4096)
        case 6:
            (
                max(0, Int64.random(in: 0...size / block, using: &random) * block - 100),
                Int.random(in: 1...300, using: &random)
            )
        case 7: (max(0, size / mebibyte * mebibyte - 4096), 1 << 20)
        default: (Int64.random(in: 0...size, using: &random), Int.random(in: 1...1 << 20, using: &random))
        }
    }
}
