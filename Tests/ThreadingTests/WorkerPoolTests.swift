import Dispatch
import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct WorkerPoolTests {
    @Test func oneThreadKeepsTheOrder() throws {
        let pool = WorkerPool(name: "test")
        try pool.start(1)
        let seen = Seen<Int>()
        for number in 0..<1000 {
            #expect(pool.submit { seen.add(number) })
        }
        pool.shutdown()
        #expect(seen.all == Array(0..<1000))
    }

    @Test func takesJobsWhileItHasThreadsOnly() throws {
        let pool = WorkerPool(name: "test")
        #expect(!pool.submit {})
        try pool.start(2)
        #expect(pool.submit {})
        pool.shutdown()
        #expect(!pool.submit {})
        pool.shutdown()
    }

    @Test func whatWaitsIsItsBacklogAndIsDoneAfterItWasClosed() async throws {
        let pool = WorkerPool(name: "test")
        try pool.start(1)
        let (isBusy, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let seen = Seen<Int>()
        #expect(
            pool.submit {
                isBusy.signal()
                mayGoOn.wait()
            }
        )
        for number in 0..<3 {
            #expect(pool.submit { seen.add(number) })
        }
        try await eventually("the first is under way") { isBusy.wait(timeout: .now()) == .success }
        #expect(pool.backlog == 3)
        pool.close()
        #expect(!pool.submit {})
        mayGoOn.signal()
        try await eventually("the others are done") { seen.all == [0, 1, 2] }
    }

    /// As when the last reference to its owner goes with a job.
    @Test func aJobMayShutItDown() async throws {
        let pool = WorkerPool(name: "test")
        try pool.start(2)
        let seen = Seen<Bool>()
        #expect(
            pool.submit {
                pool.shutdown()
                seen.add(true)
            }
        )
        try await eventually("it is shut down") { seen.all == [true] }
        #expect(!pool.submit {})
    }
}
