import BlockCache
import Foundation
import Logging
import SystemPackage
import TestSupport

/// A cache as mounts leave it, in a directory that goes with the last reference.
final class CacheOnDisk: Sendable {
    private let owner: TemporaryDirectory
    /// What `--cache-dir` is given.
    let directory: FilePath

    /// Contents of random bytes, by the file's id; each of its own size.
    init(_ sizes: [String: Int], in directory: FilePath? = nil) async throws {
        owner = try TemporaryDirectory(prefix: "cache")
        self.directory = directory ?? owner.path
        let cache = try open()
        for (id, size) in sizes {
            let content = cache.content(for: ContentKey(file: id, etag: "etag-\(id)", size: Int64(size)))
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
            bytes.copyBytes(from: SimulatedData.bytes(size, seed: UInt64(size)))
            defer { bytes.deallocate() }
            await withCheckedContinuation { continuation in
                content.store(UnsafeRawBufferPointer(bytes), at: 0) { continuation.resume() }
            }
        }
        cache.shutdown()
    }

    /// Opens the cache as a mount does.
    func open() throws -> BlockCache {
        let quiet = Logger(label: "cache") { _ in SwiftLogNoOpLogHandler() }
        return try BlockCache(.init(location: .directory(directory), limit: 1 << 30, keepFree: 0, logger: quiet))
    }

    /// The files and directories below, with paths that start there.
    var tree: [String] { FileManager.default.subpaths(atPath: directory.string) ?? [] }

    /// Changes a byte of some content, where it lies on disk.
    func damage() throws {
        let data = tree.first { $0.hasSuffix(".data") }.map { directory.pushing(FilePath($0)) }
        guard let data else { throw Errno.noSuchFileOrDirectory }
        let file = try FileDescriptor.open(data, .readWrite)
        defer { try? file.close() }
        var byte: [UInt8] = [0]
        _ = try byte.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 100, into: $0) }
        try file.writeAll(toAbsoluteOffset: 100, [~byte[0]])
    }
}
