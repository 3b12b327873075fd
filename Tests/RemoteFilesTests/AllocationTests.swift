import BlockCache
import CAllocations
import Synchronization
import TestSupport
import Testing

@testable import RemoteFiles

/// The budget of a read whose bytes are here: nothing. The kernel's read-ahead makes thousands of such reads per second.
@Suite(.enabled(if: CAllocations_isCounting() != 0, "a sanitizer has an allocator of its own"))
struct AllocationTests {
    #if DEBUG
    /// Without the optimizer the closure that changes a content's state is an object.
    private static let budget = 1
    #else
    private static let budget = 0
    #endif
    private static let reads = 1000

    /// What a read of what is here allocates, after the first ones have filled the pools.
    private func allocations(of handle: OpenContent, count: Int) -> Int {
        var misses = 0
        func read(times: Int) {
            for step in 0..<times {
                // Parts of blocks, and reads over their bounds.
                let pending = handle.read(at: Int64(step % 40) * 4096, count: count) {
                    misses += $0.count == count ? 0 : 1
                }
                misses += pending == nil ? 0 : 1
            }
        }
        read(times: 64)
        let before = CAllocations_count()
        read(times: Self.reads)
        let allocations = CAllocations_count() - before
        #expect(misses == 0)
        // Rounded down: what happens once is not what a read costs.
        return allocations / Self.reads
    }

    @Test func theCounterCounts() {
        let before = CAllocations_count()
        let bytes = [UInt8](repeating: 1, count: 5000)
        #expect(CAllocations_count() > before)
        #expect(bytes.count == 5000)
    }

    @Test func aReadFromMemoryKeepsToItsBudget() async throws {
        try await withReader(try StoreOfContents()) { fixture in
            let bytes = content(4 * mebibyte)
            let handle = try fixture.open(bytes)
            _ = try await handle.bytes(at: 0, count: 1 << 20)
            try await eventually("nothing is under way") { fixture.reader.state.withLock { $0.active == 0 } }
            #expect(allocations(of: handle, count: 4096) <= Self.budget)
            #expect(allocations(of: handle, count: 128 << 10) <= Self.budget)
        }
    }

    @Test func aReadFromDiskKeepsToItsBudget() async throws {
        let directory = try TemporaryDirectory()
        let store = try StoreOfContents()
        let bytes = content(4 * mebibyte)
        try await withReader(store, cache: .directory(directory.path)) { fixture in
            let handle = try fixture.open(bytes)
            try await fixture.readAll(handle, expecting: bytes)
            try await eventually("the cache has all of it") { fixture.cached(handle).isComplete }
        }
        try await withReader(store, cache: .directory(directory.path)) { fixture in
            let handle = try fixture.open(bytes)
            #expect(allocations(of: handle, count: 4096) <= Self.budget)
            #expect(allocations(of: handle, count: 128 << 10) <= Self.budget)
            #expect(fixture.reader.state.withLock { $0.contents.values.allSatisfy(\.segments.isEmpty) })
        }
    }
}
