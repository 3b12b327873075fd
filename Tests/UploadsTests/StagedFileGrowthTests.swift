import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Uploads

/// How far a file is written, whether its writer is done, and who waits for that.
@Suite(.timeLimit(.minutes(3))) struct StagedFileGrowthTests {
    private let temporary: TemporaryDirectory
    private let file: StagedFile

    init() throws {
        let (area, temporary) = try StagingArea.temporary()
        self.temporary = temporary
        file = try area.makeFile(named: "a.bam")
    }

    @Test func theFrontierIsTheEndOfWhatWasWrittenInOneGo() throws {
        try file.write([1, 2, 3], at: 0)
        #expect(file.frontier == 3)
        try file.write([4, 5], at: 2)
        #expect(file.frontier == 4)
        try file.write([6], at: 10)
        #expect(file.frontier == 4)
        try file.write([0], at: 1)
        #expect(file.frontier == 4)
        // What lies behind the hole may have been written long ago, and may be written again.
        try file.write([UInt8](repeating: 7, count: 6), at: 4)
        #expect(file.frontier == 10)
    }

    @Test func truncationLowersTheFrontierAndNeverRaisesIt() throws {
        try file.write([1, 2, 3], at: 0)
        try file.truncate(to: 100)
        #expect(file.frontier == 3)
        try file.truncate(to: 2)
        #expect(file.frontier == 2)
        try file.truncate(to: 3)
        #expect(file.frontier == 2)
    }

    @Test func aChangeUnseals() throws {
        #expect(!file.isSealed)
        file.seal()
        #expect(file.isSealed)
        #expect(file.version == 0)
        try file.write([1], at: 0)
        #expect(!file.isSealed)
        file.seal()
        try file.truncate(to: 1)
        file.modified = file.modified
        #expect(file.isSealed)
        try file.truncate(to: 0)
        #expect(!file.isSealed)
        file.seal()
        try file.allocate(mode: 0, offset: 0, length: 10)
        #expect(!file.isSealed)
    }

    /// Waits in a task; `nil` until it has an answer.
    private func watch(to end: Int64, orShorterThan floor: Int64) -> (Task<Void, Never>, Shared<Bool?>) {
        let answer = Shared<Bool?>(nil)
        let task = Task { answer.value = await file.waitForGrowth(to: end, orShorterThan: floor) }
        return (task, answer)
    }

    @Test func whoWaitsIsToldWhenTheFileIsLongEnough() async throws {
        let (task, answer) = watch(to: 5, orShorterThan: 0)
        try await reached("it waits") { file.watcherCount == 1 }
        try file.write([1, 2, 3, 4], at: 0)
        try file.write([1], at: 6)
        #expect(file.watcherCount == 1)
        #expect(answer.value == nil)
        try file.write([1], at: 4)
        await task.value
        #expect(answer.value == true)
    }

    @Test func whoWaitsIsToldWhenTheFileIsSealedOrShort() async throws {
        try file.write([1, 2, 3, 4], at: 0)
        let (first, _) = watch(to: 100, orShorterThan: 4)
        let (second, answer) = watch(to: 100, orShorterThan: 3)
        try await reached("both wait") { file.watcherCount == 2 }
        try file.truncate(to: 3)
        await first.value
        #expect(file.watcherCount == 1)
        file.seal()
        await second.value
        #expect(answer.value == true)
        // It is so already.
        #expect(await file.waitForGrowth(to: 100, orShorterThan: 0))
    }

    @Test func whoIsCancelledWaitsNoMore() async throws {
        let (task, answer) = watch(to: 100, orShorterThan: 0)
        try await reached("it waits") { file.watcherCount == 1 }
        task.cancel()
        await task.value
        #expect(answer.value == false)
        #expect(file.watcherCount == 0)
    }
}

extension StagedFile {
    var watcherCount: Int { state.withLock { $0.watchers.count } }
}
