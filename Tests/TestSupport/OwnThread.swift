import Foundation

/// Runs blocking code on a thread of its own and waits for it without blocking a thread of the cooperative pool.
///
/// A test that calls into a mounted file system, or waits for a process that does, must use it: the pool has as many
/// threads as the machine has cores, and the file system's own tasks run there.
public func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try body() })
        }
    }
}
