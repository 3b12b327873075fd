import CAllocations
import TestSupport
import Testing

@testable import Uploads

/// The budget of a write: nothing. Programs make thousands of them per second.
@Suite(
    .enabled(if: CAllocations_isCounting() != 0, "a sanitizer has an allocator of its own"),
    .timeLimit(.minutes(3))
)
struct WriteAllocationTests {
    #if DEBUG
    /// Without the optimizer the closures that change a file's state are objects.
    private static let budget = 1
    #else
    private static let budget = 0
    #endif
    private static let writes = 1000

    /// What a write allocates, rounded down: what happens once is not what a write costs.
    private func allocations(of file: StagedFile) throws -> Int {
        let bytes = [UInt8](repeating: 7, count: 512)
        var before = 0
        for step in 0..<Self.writes + 64 {
            if step == 64 { before = CAllocations_count() }
            try bytes.withUnsafeBytes { _ = try file.write($0, at: Int64(step * bytes.count)) }
        }
        return (CAllocations_count() - before) / Self.writes
    }

    @Test func aWriteKeepsToItsBudget() throws {
        let (area, temporary) = try StagingArea.temporary()
        #expect(try allocations(of: area.makeFile(named: "a")) <= Self.budget)
        withExtendedLifetime(temporary) {}
    }

    @Test func anUploadThatWaitsCostsTheWriterNothing() async throws {
        let (area, temporary) = try StagingArea.temporary()
        let file = try area.makeFile(named: "a")
        let upload = Task { await file.waitForGrowth(to: 1 << 30, orShorterThan: 0) }
        try await reached("it waits") { file.watcherCount == 1 }
        #expect(try allocations(of: file) <= Self.budget)
        upload.cancel()
        #expect(await upload.value == false)
        withExtendedLifetime(temporary) {}
    }
}
