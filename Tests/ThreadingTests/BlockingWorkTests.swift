import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct BlockingWorkTests {
    @Test func bringsBackResultsAndErrors() async throws {
        let work = BlockingWork(name: "test", threads: 2)
        #expect(await work.run { 6 * 7 } == 42)
        await #expect(throws: Errno.noSpace) {
            try await work.run { () throws(Errno) in throw Errno.noSpace }
        }
    }

    @Test func runsOnItsOwnThreadsOnly() async {
        let work = BlockingWork(name: "test", threads: 2)
        let threads = Seen<pthread_t>()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    await work.run { threads.add(pthread_self()) }
                }
            }
        }
        #expect((1...2).contains(Set(threads.all).count))
    }

    /// More blocked jobs than the cooperative pool has threads: tasks still run.
    @Test func blockedJobsStopNoTask() async throws {
        let work = BlockingWork(name: "test", threads: 8)
        let gate = try FileDescriptor.pipe()
        let started = Seen<Int>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    await work.run {
                        started.add(number)
                        var byte: UInt8 = 0
                        _ = Glibc.read(gate.readEnd.rawValue, &byte, 1)
                    }
                }
            }
            try await eventually("all are blocked") { started.all.count == 8 }
            try gate.writeEnd.close()
        }
        try gate.readEnd.close()
    }

    @Test func finishesWhatItWasGiven() async {
        let results = await withTaskGroup(of: Int.self) { group in
            let work = BlockingWork(name: "test", threads: 1)
            for number in 0..<50 {
                group.addTask { await work.run { number } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.sorted() == Array(0..<50))
    }
}

/// What jobs leave behind, in order.
final class Seen<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    var all: [Value] { values.withLock { $0 } }

    func add(_ value: Value) {
        values.withLock { $0.append(value) }
    }
}
