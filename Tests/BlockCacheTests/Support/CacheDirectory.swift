import Foundation
import SystemPackage

@testable import BlockCache

/// A new directory for a cache, removed with all it holds when the last reference goes.
final class CacheDirectory: Sendable {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("block-cache-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = FilePath(url.path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// The file that holds a content's blocks.
    func data(of key: ContentKey) -> String { path.appending("v1").string + "/" + ContentName(key).data }

    /// The file that holds a content's map.
    func map(of key: ContentKey) -> String { path.appending("v1").string + "/" + ContentName(key).map }

    /// Changes bytes of a file where they lie.
    func overwrite(_ file: String, at offset: Int64, _ change: (UInt8) -> UInt8) throws {
        let descriptor = try FileDescriptor.open(FilePath(file), .readWrite)
        defer { try? descriptor.close() }
        var byte: [UInt8] = [0]
        _ = try byte.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: offset, into: $0) }
        byte[0] = change(byte[0])
        try descriptor.writeAll(toAbsoluteOffset: offset, byte)
    }

    /// Bytes of disk that all files of the cache take.
    func allocated() throws -> Int64 {
        var sum: Int64 = 0
        for case let name as String in FileManager.default.enumerator(atPath: path.string) ?? .init() {
            var status = stat()
            if lstat(path.string + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                sum += Int64(status.st_blocks) * 512
            }
        }
        return sum
    }
}
