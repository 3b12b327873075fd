import Foundation
public import SystemPackage

/// A temporary data directory for a simulator, gone when the last reference to it is.
public final class SimulatedData: Sendable {
    /// What `Simulator.Configuration.dataDirectory` wants.
    public let directory: FilePath

    /// Writes files.
    ///
    /// - Parameter files: contents by paths such as `projects/P/samples/S/a.fastq.gz`; a path that ends with `/` makes a
    ///   directory.
    public init(_ files: [String: [UInt8]]) throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("data-\(UUID().uuidString)")
        directory = FilePath(root.path)
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        for (path, bytes) in files {
            let url = root.appendingPathComponent(path)
            let parent = path.hasSuffix("/") ? url : url.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
            if !path.hasSuffix("/") { try Data(bytes).write(to: url) }
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory.string)
    }

    /// Bytes that repeat nowhere soon and are the same for the same seed.
    public static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }
}
