internal import DequeModule
internal import Glibc
package import SystemPackage

/// A few threads that do what is put into their queue, in order of arrival.
///
/// The queue has no bound of its own: whoever fills it has one.
///
/// `@unchecked Sendable`: `jobs`, `isClosed` and `threads` are touched with `mutex` held only. `Synchronization.Mutex` has
/// nothing to wait on, which is why this is a pthread mutex with its condition.
package final class WorkerPool: @unchecked Sendable {
    package typealias Job = @Sendable () -> Void

    private let name: String
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: Deque<Job> = []
    private var isClosed = false
    private var threads: [DedicatedThread] = []

    /// A pool without threads.
    ///
    /// - Parameter name: Of the threads, at most 15 bytes.
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

    /// Starts threads. Each keeps the pool alive until it is closed.
    ///
    /// - Throws: `EAGAIN` when there may be no more threads; the pool is closed then.
    package func start(_ count: Int) throws(Errno) {
        for _ in 0..<count {
            do throws(Errno) {
                let thread = try DedicatedThread(name: name) { [self] in work() }
                locked { threads.append(thread) }
            } catch {
                shutdown()
                throw error
            }
        }
    }

    /// Puts a job into the queue; false before there are threads, and once the pool is closed.
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

    /// Takes no more jobs. The threads end when the queue is empty, which nobody waits for.
    package func close() {
        _ = takeThreads()
    }

    /// Does what is in the queue and ends the threads. A second call waits for nothing.
    package func shutdown() {
        // The last reference to a pool's owner may go with a job on a thread of the pool, which can't wait for itself.
        takeThreads().forEach { $0.join() }
    }

    private func takeThreads() -> [DedicatedThread] {
        locked {
            isClosed = true
            pthread_cond_broadcast(changed)
            defer { threads = [] }
            return threads
        }
    }

    private func work() {
        while let job = next() {
            job()
        }
    }

    /// Waits for a job; `nil` once the pool is closed and the queue empty.
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
