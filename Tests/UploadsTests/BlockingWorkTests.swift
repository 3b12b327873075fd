import Glibc
import SystemPackage
import TestSupport
import Testing
import Uploads

@Suite(.timeLimit(.minutes(3))) struct BlockingWorkTests {
    @Test func bringsBackResultsAndErrors() async throws {
        let work = BlockingWork(threads: 2)
        #expect(await work.run { 6 * 7 } == 42)
        await #expect(throws: Errno.noSpace) {
            try await work.run { () throws(Errno) in throw Errno.noSpace }
        }
    }

    @Test func runsOnItsOwnThreadsOnly() async {
        let work = BlockingWork(threads: 2)
        let threads = Shared<Set<pthread_t>>([])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    await work.run { threads.update { _ = $0.insert(pthread_self()) } }
                }
            }
        }
        #expect((1...2).contains(threads.value.count))
    }

    /// More blocked jobs than the cooperative pool has threads: tasks still run.
    @Test func blockedJobsStopNoTask() async throws {
        let work = BlockingWork(threads: 8)
        let gate = try FileDescriptor.pipe()
        let started = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await work.run {
                        started.update { $0 += 1 }
                        var byte: UInt8 = 0
                        _ = Glibc.read(gate.readEnd.rawValue, &byte, 1)
                    }
                }
            }
            try await reached("all are blocked") { started.value == 8 }
            try gate.writeEnd.close()
        }
        try gate.readEnd.close()
    }

    @Test func finishesWhatItWasGiven() async {
        let results = await withTaskGroup(of: Int.self) { group in
            let work = BlockingWork(threads: 1)
            for number in 0..<50 {
                group.addTask { await work.run { number } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.sorted() == Array(0..<50))
    }
}
