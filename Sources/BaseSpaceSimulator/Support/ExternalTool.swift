import Foundation
import HTTPTypes
import SystemPackage

/// A program of the field that the simulator asks what it can't compute itself: samtools or bcftools, found in PATH.
struct ExternalTool {
    let name: String

    /// Runs the program and hands over its output line by line. Blocks until it has ended.
    ///
    /// - Throws: an `APIError`: 500 if the program is not there, 400 with its own words if it fails.
    func run(_ arguments: [String], line: (Substring) -> Void) throws {
        guard let path = Self.find(name) else {
            throw APIError(.internalServerError, "\(name) is not installed: the simulator needs it in PATH for this")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        // A file, not a second pipe: nobody reads it before the end.
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        var rest: [UInt8] = []
        while let data = try output.fileHandleForReading.read(upToCount: 1 << 16), !data.isEmpty {
            rest += data
            guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
            for text in String(decoding: rest[..<end], as: UTF8.self).split(separator: "\n") { line(text) }
            rest.removeFirst(end + 1)
        }
        process.waitUntilExit()
        if !rest.isEmpty { line(Substring(String(decoding: rest, as: UTF8.self))) }
        guard process.terminationStatus == 0 else {
            let words = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
            let first = words.split(separator: "\n").first.map(String.init) ?? "status \(process.terminationStatus)"
            throw APIError(.badRequest, "\(name) failed: \(first)")
        }
    }

    private static func find(_ name: String) -> String? {
        let directories = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return directories.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// A file and its index under names that belong together, in a directory of their own while the tool reads them.
struct IndexedFile {
    let path: String
    private let directory: String

    init(_ file: File, index: File) throws {
        guard let location = file.location, let indexLocation = index.location else {
            throw Errno.noSuchFileOrDirectory
        }
        directory = NSTemporaryDirectory() + "/indexed-\(UUID().uuidString)"
        path = "\(directory)/\(file.id)" + (file.name.lowercased().hasSuffix(".bam") ? ".bam" : ".vcf.gz")
        let manager = FileManager.default
        try manager.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try manager.createSymbolicLink(atPath: path, withDestinationPath: location.string)
        let suffix = index.name.split(separator: ".").last.map(String.init) ?? "bai"
        try manager.createSymbolicLink(atPath: "\(path).\(suffix)", withDestinationPath: indexLocation.string)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: directory)
    }
}
