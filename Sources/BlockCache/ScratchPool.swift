internal import Synchronization

/// Buffers of one block each, for reads of parts of blocks.
///
/// A buffer is taken from and put back into one of a few slots by an atomic exchange: no lock, and no allocation once
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

    /// A buffer of a block's size and undefined content, until it is put back.
    func take() -> UnsafeMutableRawBufferPointer {
        for index in 0..<Self.slotCount {
            let address = slots[index].address.exchange(0, ordering: .acquiring)
            if let buffer = UnsafeMutableRawPointer(bitPattern: address) {
                return UnsafeMutableRawBufferPointer(start: buffer, count: ContentLayout.blockSize)
            }
        }
        return .allocate(byteCount: ContentLayout.blockSize, alignment: Self.alignment)
    }

    /// Takes a buffer back.
    func put(_ buffer: UnsafeMutableRawBufferPointer) {
        let address = UInt(bitPattern: buffer.baseAddress)
        for index in 0..<Self.slotCount
        where slots[index].address.compareExchange(expected: 0, desired: address, ordering: .releasing).exchanged {
            return
        }
        buffer.deallocate()
    }
}
