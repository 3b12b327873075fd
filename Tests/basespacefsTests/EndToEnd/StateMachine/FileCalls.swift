import CFUSE
import Foundation
import Glibc
import SystemPackage
import TestSupport

/// What a system call answered.
struct FileOutcome: Equatable, Sendable, CustomStringConvertible {
    /// 0 if it succeeded.
    var error: Int32 = 0
    /// A count, a size, a kind; not the number of a descriptor, which differs.
    var value = 0
    /// The names of a directory.
    var names: [String] = []
    /// What was read.
    var bytes = Data()

    var description: String {
        error == 0 ? "\(value) \(names.joined(separator: " "))" : "\(Errno(rawValue: error))"
    }
}

/// System calls on the files below a directory, which is in the mount or its local model.
struct FileCalls: Sendable {
    let root: String

    private func absolute(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

    private static func outcome(_ result: Int) -> FileOutcome {
        result < 0 ? FileOutcome(error: errno) : FileOutcome(value: result)
    }

    func open(_ path: String, _ flags: Int32) -> (outcome: FileOutcome, descriptor: Int32) {
        let descriptor = Glibc.open(absolute(path), flags | O_CLOEXEC, 0o644)
        return (Self.outcome(min(0, Int(descriptor))), descriptor)
    }

    /// A step on an open descriptor.
    static func perform(_ step: FileStep, on descriptor: Int32) -> FileOutcome {
        switch step {
        case .close: outcome(Int(Glibc.close(descriptor)))
        case .read(_, let offset, let count): read(descriptor, offset: offset, count: count)
        case .write(_, let offset, let count, let seed):
            outcome(bytes(count, seed).withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) })
        case .continueWriting(_, let count, let seed):
            outcome(bytes(count, seed).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) })
        case .resize(_, let size): outcome(Int(ftruncate(descriptor, off_t(size))))
        case .synchronize: outcome(Int(fsync(descriptor)))
        default: FileOutcome()
        }
    }

    /// A step on a path.
    func perform(_ step: FileStep) -> FileOutcome {
        switch step {
        case .truncate(let path, let size): Self.outcome(Int(Glibc.truncate(absolute(path), off_t(size))))
        case .rename(let old, let new): Self.outcome(Int(Glibc.rename(absolute(old), absolute(new))))
        case .unlink(let path): Self.outcome(Int(Glibc.unlink(absolute(path))))
        case .makeDirectory(let path): Self.outcome(Int(mkdir(absolute(path), 0o755)))
        case .removeDirectory(let path): Self.outcome(Int(rmdir(absolute(path))))
        case .stat(let path): stat(path)
        case .list(let path): list(path)
        case .readBack(let path): readBack(path)
        default: FileOutcome()
        }
    }

    /// Kind and size.
    private func stat(_ path: String) -> FileOutcome {
        var status = Glibc.stat()
        guard lstat(absolute(path), &status) == 0 else { return FileOutcome(error: errno) }
        let isFile = status.st_mode & S_IFMT == S_IFREG
        return FileOutcome(value: isFile ? Int(status.st_size) : -1)
    }

    private func list(_ path: String) -> FileOutcome {
        guard let directory = opendir(absolute(path)) else { return FileOutcome(error: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return FileOutcome(value: names.count, names: names.sorted())
    }

    /// All bytes, through a descriptor that is opened for it.
    private func readBack(_ path: String) -> FileOutcome {
        let (opening, descriptor) = open(path, O_RDONLY)
        guard opening.error == 0 else { return opening }
        defer { Glibc.close(descriptor) }
        return Self.read(descriptor, offset: 0, count: 64 << 20)
    }

    private static func read(_ descriptor: Int32, offset: Int, count: Int) -> FileOutcome {
        var bytes = Data()
        return withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
            while bytes.count < count {
                let wanted = min(buffer.count, count - bytes.count)
                let result = pread(descriptor, buffer.baseAddress, wanted, off_t(offset + bytes.count))
                guard result >= 0 else { return FileOutcome(error: errno) }
                guard result > 0 else { break }
                bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<result]))
            }
            return FileOutcome(value: bytes.count, bytes: bytes)
        }
    }

    /// All files and directories with kinds and sizes.
    func tree() -> [String: Int] {
        var tree: [String: Int] = [:]
        var waiting = [""]
        while let directory = waiting.popLast() {
            for name in list(directory).names where name != "." && name != ".." {
                let path = directory.isEmpty ? name : "\(directory)/\(name)"
                tree[path] = stat(path).value
                if tree[path] == -1 { waiting.append(path) }
            }
        }
        return tree
    }

    /// What all files hold.
    func contents() -> [String: FileOutcome] {
        Dictionary(uniqueKeysWithValues: tree().filter { $0.value >= 0 }.keys.map { ($0, readBack($0)) })
    }

    /// Whether the service has all of a file, and the mount knows.
    func isSettled(_ path: String) -> Bool {
        getxattr(absolute(path), "user.basespace.id", nil, 0) > 0
    }

    private static func bytes(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return random.bytes(count)
    }
}
