internal import Synchronization

/// Buffers of one block each, for reads of parts of blocks.
///
/// A buffer is taken from and put back into one of a few slots by one atomic exchange: no lock, and no allocation once
/// as many buffers exist as threads read at a time.
final class ScratchPool: Sendable {
    /// More slots than FUSE threads (2–4); readers beyond that allocate.
    private static let slotCount = 8
    /// Page-aligned: the copy out of the kernel is faster, and a cache line is never shared.
    private static let alignment = 4096

    private let slots: [Slot]

    /// An address, or 0.
    private final class Slot: Sendable {
        let address = Atomic<UInt>(0)
    }

    init() {
        slots = (0..<Self.slotCount).map { _ in Slot() }
    }

    deinit {
        for slot in slots {
            UnsafeMutableRawPointer(bitPattern: slot.address.exchange(0, ordering: .acquiring))?.deallocate()
        }
    }

    /// Calls `body` with a buffer of a block's size and undefined content.
    func withBuffer<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        let buffer = take() ?? .allocate(byteCount: ContentLayout.blockSize, alignment: Self.alignment)
        defer { put(buffer) }
        return body(UnsafeMutableRawBufferPointer(start: buffer, count: ContentLayout.blockSize))
    }

    private func take() -> UnsafeMutableRawPointer? {
        for slot in slots {
            let address = slot.address.exchange(0, ordering: .acquiring)
            if address != 0 {
                return UnsafeMutableRawPointer(bitPattern: address)
            }
        }
        return nil
    }

    private func put(_ buffer: UnsafeMutableRawPointer) {
        let address = UInt(bitPattern: buffer)
        for slot in slots
        where slot.address.compareExchange(expected: 0, desired: address, ordering: .releasing).exchanged {
            return
        }
        buffer.deallocate()
    }
}
