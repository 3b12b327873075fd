import SystemPackage
import TestSupport
import Uploads

extension StagingArea {
    /// A staging area in a temporary directory, and the directory, which the caller keeps.
    static func temporary() throws -> (StagingArea, TemporaryDirectory) {
        let directory = try TemporaryDirectory(prefix: "staging")
        return (try StagingArea(directory: directory.file("area")), directory)
    }
}

extension StagedFile {
    func write(_ bytes: [UInt8], at offset: Int64) throws {
        _ = try bytes.withUnsafeBytes { try write($0, at: offset) }
    }

    /// The whole content.
    func contents() throws -> [UInt8] {
        try bytes(at: 0, count: Int(size))
    }

    /// Up to `count` bytes from `offset`.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = try self.read(UnsafeMutableRawBufferPointer(buffer), at: offset)
        }
    }
}
