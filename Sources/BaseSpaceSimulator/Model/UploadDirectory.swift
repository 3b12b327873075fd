import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Where uploads are kept: `files/<file id>` for what is whole, `parts/<file id>.<number>.<attempt>` for what is not yet.
final class UploadDirectory: Sendable {
    let root: FilePath
    private let isPrivate: Bool

    /// - Parameter directory: made if it is missing; nil for a temporary one that ends with the simulator.
    init(_ directory: FilePath?) throws {
        if let directory {
            root = directory
            isPrivate = false
            try Self.make(directory)
        } else {
            let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
            var template = Array("\(base)/basespace-simulator.XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
            root = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
            isPrivate = true
        }
        try Self.make(root.appending("files"))
        try Self.make(root.appending("parts"))
    }

    /// Where the bytes of a file go.
    func file(_ id: Int64) -> FilePath { root.appending("files").appending(String(id)) }

    /// Where a part goes: a place of its own for each attempt, since two may arrive at once.
    func part(_ number: Int, of id: Int64) -> FilePath {
        root.appending("parts").appending("\(id).\(number).\(RequestIDs.random(8))")
    }

    /// Deletes a file, if it is there.
    func remove(_ path: FilePath) {
        unlink(path.string)
    }

    /// Joins parts into the file. The parts are gone afterwards. Blocks.
    func join(_ parts: [FilePath], into id: Int64) throws {
        let whole = file(id)
        guard let first = parts.first else { throw Errno.invalidArgument }
        // The first part becomes the file, so that an upload of one part copies nothing.
        guard rename(first.string, whole.string) == 0 else { throw Errno(rawValue: errno) }
        let output = try FileDescriptor.open(whole, .writeOnly, options: .closeOnExec)
        defer { try? output.close() }
        try output.seek(offset: 0, from: .end)
        for part in parts.dropFirst() {
            try Self.append(part, to: output)
            remove(part)
        }
    }

    private static func append(_ part: FilePath, to output: FileDescriptor) throws {
        let input = try FileDescriptor.open(part, .readOnly, options: .closeOnExec)
        defer { try? input.close() }
        while true {
            // sendfile(2) takes 2 GiB at most, and copies inside the kernel.
            let count = sendfile(output.rawValue, input.rawValue, nil, 1 << 30)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw Errno(rawValue: errno) }
            if count == 0 { return }
        }
    }

    /// Deletes everything if the directory was the simulator's own.
    func removeIfPrivate() {
        guard isPrivate else { return }
        for directory in ["files", "parts"] {
            let path = root.appending(directory)
            if let stream = opendir(path.string) {
                while let entry = readdir(stream) {
                    let name = withUnsafePointer(to: &entry.pointee.d_name) {
                        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                    }
                    if name != ".", name != ".." { unlink(path.appending(name).string) }
                }
                closedir(stream)
            }
            rmdir(path.string)
        }
        rmdir(root.string)
    }

    private static func make(_ directory: FilePath) throws {
        guard mkdir(directory.string, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
    }
}
