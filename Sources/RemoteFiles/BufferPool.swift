internal import Glibc
internal import Synchronization

/// The memory of everything in flight: page-aligned buffers under one hard ceiling.
///
/// A buffer is taken before a GET starts and for its whole range, so that a body always has a place to go and no
/// transfer is ever paused for want of memory. Buffers come in powers of two from 128 KiB on and are used again:
/// a fresh page costs a fault and, on a virtual machine, often a trip to the host.
final class BufferPool: Sendable {
    private struct State {
        /// Bytes handed out.
        var used = 0
        /// Bytes mapped, handed out or free.
        var mapped = 0
        /// Free memory by size.
        var free: [Int: [Memory]] = [:]
        /// Whether somebody waits for memory.
        var isAwaited = false
        var whenMemoryReturns: (@Sendable () -> Void)?
    }

    /// The smallest buffer: a block of the cache.
    static let minimumSize = 128 << 10
    /// The least that a ceiling can be: a GET for somebody who waits, and one ahead of him.
    static let minimumLimit = 4 << 20

    /// The ceiling, in bytes.
    let limit: Int
    private let state = Mutex(State())
    /// - Parameter limit: The ceiling in bytes; at least `minimumLimit` counts.
    init(limit: Int) {
        self.limit = max(limit, Self.minimumLimit)
    }

    deinit {
        state.withLock { state in
            for memory in state.free.values.joined() {
                memory.unmap()
            }
        }
    }

    /// Bytes handed out now.
    var used: Int { state.withLock { $0.used } }

    /// Sets whom to tell that memory is back which somebody awaits. Called on any thread and with any lock held, so it
    /// may do no more than start a task.
    func whenMemoryReturns(_ call: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenMemoryReturns = call }
    }

    /// A buffer of at least `count` bytes, or `nil` if it does not fit under the ceiling now.
    ///
    /// - Parameter awaiting: Whether to tell when memory returns, once, if it does not fit now. Memory may return from
    ///   a reader that was copying, from the cache's writers or from the end of a transfer, none of which know who
    ///   waits.
    func take(_ count: Int, awaiting: Bool = false) -> Buffer? {
        let size = Self.size(for: count)
        let memory = state.withLock { state -> Memory? in
            guard state.used + size <= limit else {
                state.isAwaited = state.isAwaited || awaiting
                return nil
            }
            if let memory = state.free[size]?.popLast() {
                state.used += size
                return memory
            }
            unmapFree(&state, until: limit - size)
            guard let memory = Memory(size: size) else { return nil }
            state.mapped += size
            state.used += size
            return memory
        }
        return memory.map { Buffer(memory: $0, pool: self) }
    }

    /// Gives memory that nobody uses back to the system.
    func trim() {
        state.withLock { unmapFree(&$0, until: $0.used) }
    }

    private func unmapFree(_ state: inout State, until target: Int) {
        for size in state.free.keys.sorted(by: >) {
            while state.mapped > target, let memory = state.free[size]?.popLast() {
                memory.unmap()
                state.mapped -= size
            }
        }
    }

    fileprivate func giveBack(_ memory: Memory) {
        let call = state.withLock { state in
            state.used -= memory.size
            state.free[memory.size, default: []].append(memory)
            defer { state.isAwaited = false }
            return state.isAwaited ? state.whenMemoryReturns : nil
        }
        call?()
    }

    /// The size of the buffer that is taken for so many bytes.
    static func size(for count: Int) -> Int {
        var size = minimumSize
        while size < count {
            size *= 2
        }
        return size
    }
}

/// Mapped memory; who holds it and whether it is mapped is the pool's and the buffer's business.
///
/// `@unchecked Sendable`: it is an address. The pool lends each piece to one buffer at a time.
private struct Memory: @unchecked Sendable {
    // An address and a number; the bytes behind it belong to whoever holds the buffer.
    let base: UnsafeMutableRawPointer
    let size: Int

    /// A page of the processor's second size. A buffer made of these costs one page fault and not 512, which are 13 % of
    /// what a cold sequential read takes, and the kernel pins it faster for the disk.
    private static let hugePage = 2 << 20

    init?(size: Int) {
        // More than is needed, so that there is a place with the right alignment in it.
        let excess = size >= Self.hugePage ? Self.hugePage : 0
        let mapped = mmap(nil, size + excess, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != MAP_FAILED else { return nil }
        let before = excess == 0 ? 0 : (Self.hugePage - Int(bitPattern: mapped) % Self.hugePage) % Self.hugePage
        base = mapped + before
        self.size = size
        guard excess > 0 else { return }
        if before > 0 { munmap(mapped, before) }
        if excess > before { munmap(base + size, excess - before) }
        // A kernel that has none, or is told not to, goes on with small ones.
        madvise(base, size, MADV_HUGEPAGE)
    }

    func unmap() {
        munmap(base, size)
    }
}

/// Memory of the pool, which gets it back when the last reference goes.
///
/// Written by one transfer, from the start on; what has been announced as landed is only read from then on.
final class Buffer: Sendable {
    private let memory: Memory
    private let pool: BufferPool

    fileprivate init(memory: Memory, pool: BufferPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit {
        pool.giveBack(memory)
    }

    /// The memory.
    var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: memory.base, count: memory.size)
    }

    /// A part of it.
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[range])
    }
}
