import SystemPackage
import Testing

@testable import BlockCache

/// Random operations against the simplest model there is: a flat array per content, and a set of the blocks that may be
/// present. What is read equals the array; what was never stored is never present.
@Suite struct ModelTests {
    private static let sizes = [1, 4096, block - 1, block, 3 * block + 5, chunk, chunk + 1, 2 * chunk + 3 * block + 11]

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64], [true, false])
    func randomOperations(_ seed: UInt64, _ onDisk: Bool) async throws {
        let directory = try CacheDirectory()
        let clock = ManualClock()
        let limit: Int64 = seed.isMultiple(of: 2) ? 3 << 20 : 64 << 20
        let location: BlockCache.Configuration.Location = onDisk ? .directory(directory.path) : .memory
        var cache = try BlockCache.test(location, limit: limit, clock: clock)
        var random = SplitMix64(seed: seed)
        let arrays = Self.sizes.enumerated().map { pattern(seed &* 100 &+ UInt64($0.offset), size: $0.element) }
        var stored = [Set<Int>](repeating: [], count: Self.sizes.count)
        var hits = 0

        for step in 0..<500 {
            let which = Int.random(in: 0..<Self.sizes.count, using: &random)
            let size = Self.sizes[which]
            let content = cache.content(for: key("model \(which)", size: size))
            let blocks = content.layout.blockCount
            let label = Comment(rawValue: "seed \(seed), on disk \(onDisk), step \(step), content \(which)")
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<7:
                let first = Int.random(in: 0..<blocks, using: &random)
                let run = first..<min(blocks, first + Int.random(in: 1...17, using: &random))
                let range = content.layout.bytes(ofBlocks: run)
                await content.store(arrays[which][Int(range.lowerBound)..<Int(range.upperBound)], at: range.lowerBound)
                stored[which].formUnion(run)
                #expect(content.firstMissing(in: range) == nil, label)
            case 7..<16:
                let start = Int.random(in: 0..<size, using: &random)
                let length = [1, 4096, block, 5 * block, size].randomElement(using: &random) ?? 1
                let range = start..<min(size, start + length)
                let missing = content.firstMissing(in: Int64(range.lowerBound)..<Int64(range.upperBound))
                let read = content.read(range)
                #expect((read != nil) == (missing == nil), label)
                if let read {
                    hits += 1
                    #expect(same(read, arrays[which], range), label)
                    #expect(
                        stored[which].isSuperset(
                            of: content.layout.blocks(touching: Int64(range.lowerBound)..<Int64(range.upperBound))
                        ),
                        label
                    )
                }
            case 16:
                #expect(content.isComplete == (content.firstMissing(in: 0..<Int64(size)) == nil), label)
            case 17:
                clock.advance(seconds: UInt64.random(in: 1..<200, using: &random))
            case 18:
                cache.prune(to: Int64.random(in: 0...limit, using: &random))
            default:
                if onDisk {
                    cache.shutdown()
                    cache = try BlockCache.test(location, limit: limit, clock: clock)
                }
            }
            #expect(cache.info().bytes <= limit, label)
        }
        #expect(hits > 50, "seed \(seed)")
        #expect(cache.verify().wrong == 0)
        #expect(try directory.allocated() <= limit)
        cache.clear()
        #expect(cache.info().bytes == 0)
    }

    /// Readers, writers and evictions of one content at once: a reader sees right bytes or none.
    @Test(arguments: [true, false]) func concurrentReadersAndWriters(_ onDisk: Bool) async throws {
        let directory = try CacheDirectory()
        let cache = try BlockCache.test(onDisk ? .directory(directory.path) : .memory, limit: 3 << 20)
        let size = 40 * block + 9
        let bytes = pattern(77, size: size)
        let content = cache.content(for: key("busy", size: size))
        let hits = await withTaskGroup(of: Int.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    var random = SplitMix64(seed: UInt64(worker))
                    var hits = 0
                    for _ in 0..<200 {
                        let first = Int.random(in: 0..<41, using: &random)
                        let range = first * block..<min(size, (first + Int.random(in: 1...6, using: &random)) * block)
                        if worker < 3 {
                            await content.store(bytes[range], at: Int64(range.lowerBound))
                        }
                        let part = range.lowerBound + 100..<max(range.lowerBound + 101, range.upperBound - 5)
                        if part.upperBound <= size, let read = content.read(part) {
                            hits += 1
                            #expect(same(read, bytes, part), "worker \(worker) \(part)")
                        }
                    }
                    return hits
                }
            }
            return await group.reduce(0, +)
        }
        #expect(hits > 100)
        #expect(cache.info().bytes <= 3 << 20)
        #expect(cache.verify().wrong == 0)
    }
}
