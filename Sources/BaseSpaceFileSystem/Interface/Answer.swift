public import SystemPackage

/// What an operation answers: the value at once, or work that has to wait for the network or a slow disk.
///
/// The type keeps the rule that FUSE's threads never wait: an operation is called on one of them, answers from memory
/// when it can, and otherwise hands back a closure that the caller runs elsewhere. An operation that fails at once
/// throws instead.
public enum Answer<Value: Sendable>: Sendable {
    /// The value, known without waiting.
    case ready(Value)
    /// The rest of the operation. Run it once, in a task; cancelling that task interrupts the operation, which then
    /// throws `Errno.interrupted`.
    case pending(@Sendable () async throws(Errno) -> Value)
}

/// Receives the bytes of a read that had to wait. Exactly one of its methods is called, once, on any thread.
public protocol ReadReply: Sendable {
    /// Answers with these bytes, which are valid during the call only. Fewer than asked for means end of file.
    func succeed(_ bytes: UnsafeRawBufferPointer)

    /// Answers with an error.
    func fail(_ errno: Errno)
}

/// A read whose bytes are not here yet.
public protocol PendingRead: Sendable {
    /// Waits for the bytes, then answers `reply`. Called once, does not block.
    func start(_ reply: any ReadReply)

    /// Gives up: `reply` fails with `Errno.interrupted` unless it has been answered. May be called at any time after
    /// `start`, from any thread, any number of times.
    func cancel()
}
