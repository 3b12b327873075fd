internal import CLinux
internal import DequeModule
internal import Glibc
internal import SystemPackage

/// A few threads that do what is put into their queue, in order of arrival.
///
/// The queue has no bound of its own: what waits in it belongs to reads and to memory of the readers' buffer pool, which
/// have one.
///
/// `@unchecked Sendable`: `jobs`, `isClosed` and `threads` are touched with `mutex` held only.
package final class WorkerPool: @unchecked Sendable {
    package typealias Job = @Sendable () -> Void

    private let name: String
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: Deque<Job> = []
    private var isClosed = false
    private var threads: [pthread_t] = []

    /// A pool without threads.
    ///
    /// - Parameter name: of the threads, at most 15 bytes.
    package init(name: String) {
        self.name = name
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Starts threads. Each keeps the pool alive until `shutdown`.
    package func start(_ count: Int) throws(BlockCacheError) {
        for _ in 0..<count {
            var thread = pthread_t()
            let pool = Unmanaged.passRetained(self)
            let status = pthread_create(
                &thread,
                nil,
                { argument in
                    if let argument {
                        Unmanaged<WorkerPool>.fromOpaque(argument).takeRetainedValue().run()
                    }
                    return nil
                },
                pool.toOpaque()
            )
            guard status == 0 else {
                pool.release()
                shutdown()
                let error = Errno(rawValue: status)
                throw BlockCacheError(.outOfResources, "can't start a thread for the cache: \(error)", errno: error)
            }
            locked { threads.append(thread) }
        }
    }

    /// Puts a job into the queue; false before there are threads, and once the pool is shut down.
    package func submit(_ job: @escaping Job) -> Bool {
        locked {
            guard !isClosed, !threads.isEmpty else { return false }
            jobs.append(job)
            pthread_cond_signal(changed)
            return true
        }
    }

    /// Jobs that wait.
    package var backlog: Int { locked { jobs.count } }

    /// Does what is in the queue and ends the threads. A second call waits for nothing.
    package func shutdown() {
        let threads = locked {
            isClosed = true
            pthread_cond_broadcast(changed)
            defer { self.threads = [] }
            return self.threads
        }
        for thread in threads {
            // The last reference to the cache may go with a job on a thread of ours, which can't wait for itself.
            if pthread_equal(thread, pthread_self()) != 0 {
                pthread_detach(thread)
            } else {
                pthread_join(thread, nil)
            }
        }
    }

    private func run() {
        CLinux_setThreadName(name)
        while let job = next() {
            job()
        }
    }

    private func next() -> Job? {
        locked {
            while jobs.isEmpty, !isClosed {
                pthread_cond_wait(changed, mutex)
            }
            return jobs.popFirst()
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
