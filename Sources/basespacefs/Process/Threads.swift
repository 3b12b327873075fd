import Dispatch
import Glibc
import Synchronization
import Threading

/// Threads of our own, for what blocks: the cooperative pool has one thread for each core and must not be used up.
enum Threads {
    /// Runs `body` on a new thread that nobody waits for.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        do {
            try DedicatedThread(name: name, body)
        } catch {
            // Out of threads at the start of a mount: nothing that follows could work.
            StandardError.print("basespacefs: can't start a thread: \(error)")
            exit(ExitStatus.failure.rawValue)
        }
    }

    /// Runs asynchronous work and blocks this thread until it is done. Not for threads of the cooperative pool.
    static func wait<Value: Sendable, Failure: Error>(
        for work: @escaping @Sendable () async throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let outcome = Outcome<Value, Failure>()
        Task.detached {
            do throws(Failure) {
                outcome.set(.success(try await work()))
            } catch {
                outcome.set(.failure(error))
            }
        }
        return try outcome.get()
    }
}

/// A result that one thread waits for and a task brings.
private final class Outcome<Value: Sendable, Failure: Error>: Sendable {
    private let result = Mutex<Result<Value, Failure>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ value: Result<Value, Failure>) {
        result.withLock { $0 = value }
        isThere.signal()
    }

    func get() throws(Failure) -> Value {
        while true {
            isThere.wait()
            if let result = result.withLock({ $0 }) {
                return try result.get()
            }
        }
    }
}
