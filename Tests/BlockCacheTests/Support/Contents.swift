import Foundation
import Logging
import Synchronization
import SystemPackage

@testable import BlockCache

let block = BlockCache.blockSize
let chunk = ContentLayout.chunkSize

/// Page-aligned memory.
final class Memory: @unchecked Sendable {
    // `@unchecked Sendable`: filled by the initializer, read afterwards.
    let bytes: UnsafeMutableRawBufferPointer

    init(_ source: some Collection<UInt8>) {
        bytes = .allocate(byteCount: max(1, source.count), alignment: 4096)
        // As memory: element by element takes seconds in a debug build.
        let isCopied: Void? = source.withContiguousStorageIfAvailable {
            bytes.copyMemory(from: UnsafeRawBufferPointer($0))
        }
        if isCopied == nil {
            bytes.copyBytes(from: source)
        }
    }

    deinit {
        bytes.deallocate()
    }
}

/// What a content with this seed and size consists of; no two blocks are the same.
func pattern(_ seed: UInt64, size: Int) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var words: [UInt64] = []
    words.reserveCapacity(size / 8 + 1)
    for _ in 0...size / 8 {
        words.append(random.next())
    }
    return words.withUnsafeBytes { Array($0.prefix(size)) }
}

/// Whether bytes that were read are these bytes of a content (by memcmp: `==` takes seconds in a debug build).
func same(_ read: [UInt8], _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    guard read.count == range.count, range.upperBound <= bytes.count else { return false }
    return read.withUnsafeBytes { left in
        bytes.withUnsafeBytes { right in
            guard let start = left.baseAddress, let other = right.baseAddress else { return true }
            return memcmp(start, other + range.lowerBound, left.count) == 0
        }
    }
}

struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}

func key(_ file: String, size: Int) -> ContentKey {
    ContentKey(file: file, etag: "etag-of-\(file)", size: Int64(size))
}

/// A clock that stands still until it is told to go on.
final class ManualClock: Sendable {
    private let milliseconds = Atomic<UInt64>(1_700_000_000_000)

    var clock: CacheClock { { self.milliseconds.load(ordering: .relaxed) } }

    func advance(seconds: UInt64) {
        milliseconds.add(1000 * seconds, ordering: .relaxed)
    }
}

/// The lines that were logged.
final class RecordedLog: Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.recorded.withLock { $0.append(event.message.description) }
        }
    }
}

extension BlockCache {
    /// A cache for a test: no free space is kept, so that a full disk of the machine doesn't matter.
    static func test(
        _ location: Configuration.Location,
        limit: Int64 = 1 << 30,
        keepFree: Int64 = 0,
        log: RecordedLog = RecordedLog(),
        clock: ManualClock? = nil
    ) throws -> BlockCache {
        let configuration = Configuration(location: location, limit: limit, keepFree: keepFree, logger: log.logger)
        return try BlockCache(configuration, clock: clock?.clock ?? systemClock)
    }
}

extension CachedContent {
    /// Stores bytes and waits until that is done.
    func store(_ bytes: some Collection<UInt8>, at offset: Int64) async {
        let memory = Memory(bytes)
        await withCheckedContinuation { continuation in
            store(UnsafeRawBufferPointer(rebasing: memory.bytes[..<bytes.count]), at: offset) {
                continuation.resume()
            }
        }
        withExtendedLifetime(memory) {}
    }

    /// Reads bytes; nil if they are not all there.
    func read(_ range: Range<Int>) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0xee, count: range.count)
        return bytes.withUnsafeMutableBytes { read($0, at: Int64(range.lowerBound)) } ? bytes : nil
    }
}
