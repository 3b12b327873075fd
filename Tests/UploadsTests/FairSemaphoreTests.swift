import TestSupport
import Testing

@testable import Uploads

@Suite(.timeLimit(.minutes(3))) struct FairSemaphoreTests {
    @Test func admitsAsManyAsItHasPermits() async throws {
        let semaphore = FairSemaphore(permits: 2)
        #expect(await semaphore.acquire(.parts))
        #expect(await semaphore.acquire(.parts))
        let third = Task { await semaphore.acquire(.parts) }
        try await reached("the third waits") { semaphore.waiting == 1 }
        semaphore.release()
        #expect(await third.value)
        #expect(semaphore.waiting == 0)
    }

    @Test func servesInTheOrderOfAsking() async throws {
        let semaphore = FairSemaphore(permits: 1)
        #expect(await semaphore.acquire(.parts))
        let served = Shared<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    #expect(await semaphore.acquire(.parts))
                    served.update { $0.append(number) }
                    semaphore.release()
                }
                try await reached("\(number) waits") { semaphore.waiting == number + 1 }
            }
            semaphore.release()
            try await group.waitForAll()
        }
        #expect(served.value == Array(0..<20))
    }

    /// Otherwise a file of one request would wait until all the parts are sent that came before it.
    @Test func servesTheLanesInTurn() async throws {
        let semaphore = FairSemaphore(permits: 1)
        #expect(await semaphore.acquire(.parts))
        let served = Shared<[String]>([])
        let waiters: [(String, FairSemaphore.Lane)] = [
            ("part 1", .parts), ("part 2", .parts), ("part 3", .parts),
            ("file 1", .wholeFiles), ("file 2", .wholeFiles),
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, (name, lane)) in waiters.enumerated() {
                group.addTask {
                    #expect(await semaphore.acquire(lane))
                    served.update { $0.append(name) }
                    semaphore.release()
                }
                try await reached("\(name) waits") { semaphore.waiting == index + 1 }
            }
            semaphore.release()
            try await group.waitForAll()
        }
        #expect(served.value == ["file 1", "part 1", "file 2", "part 2", "part 3"])
    }

    @Test func whoIsCancelledLeavesTheLine() async throws {
        let semaphore = FairSemaphore(permits: 1)
        #expect(await semaphore.acquire(.parts))
        let first = Task { await semaphore.acquire(.parts) }
        try await reached("the first waits") { semaphore.waiting == 1 }
        let second = Task { await semaphore.acquire(.parts) }
        try await reached("the second waits") { semaphore.waiting == 2 }
        first.cancel()
        #expect(await first.value == false)
        semaphore.release()
        #expect(await second.value)
    }

    @Test func whoComesCancelledGetsNothing() async {
        let semaphore = FairSemaphore(permits: 1)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await semaphore.acquire(.parts)
        }
        #expect(await task.value == false)
        #expect(await semaphore.acquire(.parts))
    }

    /// Cancellation and release race for the same waiters: no permit may be lost, none may be made.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func losesNoPermitWhenCancellationsRace(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let permits = 3
        let semaphore = FairSemaphore(permits: permits)
        let holders = Shared((now: 0, most: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<500 {
                let yields = Int.random(in: 0..<4, using: &random)
                let worker = Task {
                    guard await semaphore.acquire(.parts) else { return }
                    holders.update { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                    for _ in 0..<yields { await Task.yield() }
                    holders.update { $0.now -= 1 }
                    semaphore.release()
                }
                group.addTask { await worker.value }
                if Bool.random(using: &random) {
                    group.addTask {
                        for _ in 0..<yields { await Task.yield() }
                        worker.cancel()
                    }
                }
            }
        }
        #expect(holders.value.now == 0, "seed \(seed)")
        #expect(holders.value.most <= permits, "seed \(seed)")
        for _ in 0..<permits { #expect(await semaphore.acquire(.parts)) }
        let oneMore = Task { await semaphore.acquire(.parts) }
        try await reached("all permits are out") { semaphore.waiting == 1 }
        oneMore.cancel()
        #expect(await oneMore.value == false)
    }
}
