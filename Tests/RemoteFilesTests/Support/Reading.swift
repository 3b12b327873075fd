import Glibc
import Synchronization

@testable import RemoteFiles

/// Keeps what a read is answered with.
final class RecordedReply: ContentReadReply {
    private let answers = Mutex<[Result<[UInt8], RemoteReadError>]>([])

    /// All answers; more than one is a mistake of the reader.
    var all: [Result<[UInt8], RemoteReadError>] { answers.withLock { $0 } }

    /// Why the read failed, if it did.
    var failure: RemoteReadError.Code? {
        if case .failure(let error) = all.first { error.code } else { nil }
    }

    func succeed(_ bytes: UnsafeRawBufferPointer) {
        let bytes = [UInt8](copying: bytes)
        answers.withLock { $0.append(.success(bytes)) }
    }

    func fail(_ error: RemoteReadError) {
        answers.withLock { $0.append(.failure(error)) }
    }
}

/// Resumes a task with what a read is answered with. A second answer traps.
private struct AwaitedReply: ContentReadReply {
    let continuation: CheckedContinuation<Result<[UInt8], RemoteReadError>, Never>

    func succeed(_ bytes: UnsafeRawBufferPointer) {
        continuation.resume(returning: .success([UInt8](copying: bytes)))
    }

    func fail(_ error: RemoteReadError) {
        continuation.resume(returning: .failure(error))
    }
}

extension [UInt8] {
    /// By memcpy: `Array.init` goes byte by byte in a debug build.
    init(copying bytes: UnsafeRawBufferPointer) {
        self.init(unsafeUninitializedCapacity: bytes.count) { buffer, count in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            count = bytes.count
        }
    }

    /// Whether these are the bytes of a part of a content. By memcmp: `==` goes byte by byte in a debug build.
    func isPart(_ range: Range<Int64>, of content: [UInt8]) -> Bool {
        guard Int64(count) == Int64(range.count), range.upperBound <= content.count else { return false }
        return withUnsafeBytes { left in
            content.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                return memcmp(left, right + Int(range.lowerBound), count) == 0
            }
        }
    }
}

extension OpenContent {
    /// The bytes, if they are here.
    func present(at offset: Int64, count: Int) -> [UInt8]? {
        var bytes: [UInt8]?
        let pending = read(at: offset, count: count) { bytes = [UInt8](copying: $0) }
        return pending == nil ? bytes : nil
    }

    /// The bytes, as soon as they are here.
    func bytes(at offset: Int64, count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        guard let pending = read(at: offset, count: count, { bytes = [UInt8](copying: $0) }) else { return bytes }
        let result = await withCheckedContinuation { pending.start(AwaitedReply(continuation: $0)) }
        return try withExtendedLifetime(pending) { try result.get() }
    }

    /// Starts a read that has to wait; `nil` if its bytes are here.
    func startRead(at offset: Int64, count: Int) -> (read: PendingContentRead, reply: RecordedReply)? {
        guard let pending = read(at: offset, count: count, { _ in }) else { return nil }
        let reply = RecordedReply()
        pending.start(reply)
        return (pending, reply)
    }

    /// Why a read fails; `nil` if it does not.
    func failure(at offset: Int64, count: Int) async -> RemoteReadError.Code? {
        do {
            _ = try await bytes(at: offset, count: count)
            return nil
        } catch {
            return (error as? RemoteReadError)?.code
        }
    }
}
