/// Threads of our own for calls that block (disk reads, `fsync`, digests) and that a task waits for. On Swift's
/// cooperative pool two such calls could stop every task of the process.
///
/// Work is done in the order in which it is handed in, by the next thread that is free. When the object goes away, its
/// threads finish what they were given and end.
package final class BlockingWork: Sendable {
    private let pool: WorkerPool

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - name: Of the threads, at most 15 bytes.
    ///   - threads: How many; at least one.
    package init(name: String, threads: Int) {
        precondition(threads > 0, "work needs a thread")
        pool = WorkerPool(name: name)
        do {
            try pool.start(threads)
        } catch {
            // Only a process at its limit of threads or memory gets here, at start: nothing would ever be done.
            preconditionFailure("the system gives no thread for blocking work: \(error)")
        }
    }

    deinit {
        pool.close()
    }

    /// Runs `work` on one of the threads and returns what it returns. Cancellation does not interrupt it.
    package func run<Success: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let result: Result<Success, Failure> = await withCheckedContinuation { continuation in
            let isAccepted = pool.submit { continuation.resume(returning: Result(catching: work)) }
            precondition(isAccepted, "the pool is open as long as this object is there")
        }
        return try result.get()
    }
}
