internal import Glibc

/// Threads of our own for calls that block (disk reads, `fsync`, digests). Swift's cooperative pool has as many threads
/// as the machine has cores: two such calls on it would stop every task of the process.
///
/// Work is done in the order in which it is handed in, by the next thread that is free. When the object goes away, its
/// threads finish what they were given and end.
public final class BlockingWork: Sendable {
    private let queue: WorkQueue

    /// Starts the threads.
    ///
    /// - Parameter threads: How many; at least one.
    public init(threads: Int) {
        precondition(threads > 0, "work needs a thread")
        queue = WorkQueue()
        for _ in 0..<threads {
            queue.startThread()
        }
    }

    deinit {
        queue.close()
    }

    /// Runs `work` on one of the threads and returns what it returns. Cancellation does not interrupt it.
    public func run<Success: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let result: Result<Success, Failure> = await withCheckedContinuation { continuation in
            queue.add { continuation.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }
}

/// Jobs, and the threads that wait for them. The threads hold it, so it outlives the `BlockingWork` that closes it.
///
/// `@unchecked Sendable`: `jobs` and `isClosed` are touched only with `mutex` held. `Synchronization.Mutex` has nothing
/// to wait on, which is why this is a pthread mutex with its condition.
private final class WorkQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let hasNews = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [@Sendable () -> Void] = []
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(hasNews, nil)
    }

    deinit {
        pthread_cond_destroy(hasNews)
        pthread_mutex_destroy(mutex)
        hasNews.deallocate()
        mutex.deallocate()
    }

    func add(_ job: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(hasNews)
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_mutex_unlock(mutex)
        pthread_cond_broadcast(hasNews)
    }

    func startThread() {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<WorkQueue>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            },
            argument
        )
        // Only a process at its limit of threads or memory gets here, at start: nothing would ever be uploaded.
        precondition(status == 0, "the system gives no thread for blocking work (errno \(status))")
        pthread_detach(thread)
    }

    private func work() {
        while let job = next() {
            job()
        }
    }

    /// Waits for a job; `nil` once the queue is closed and empty.
    private func next() -> (@Sendable () -> Void)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty, !isClosed {
            pthread_cond_wait(hasNews, mutex)
        }
        return jobs.isEmpty ? nil : jobs.removeFirst()
    }
}
