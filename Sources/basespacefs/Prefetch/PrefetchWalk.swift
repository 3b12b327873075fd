import BlockCache
import CLinux
import FUSEAdapter
import Glibc
import SystemPackage

/// A file of the service that a prefetch is to read.
struct PrefetchFile: Sendable {
    /// Where it is in the mount.
    var path: String
    /// Which content it has, as the cache knows it.
    var key: ContentKey
    /// The mount that it is in.
    var mount: PrefetchMount
}

/// Finds the files that paths stand for, in the order of their names, each once.
struct PrefetchWalk {
    private let board: PrefetchBoard
    private(set) var files: [PrefetchFile] = []
    private var mounts: [String: Result<PrefetchMount, CommandFailure>] = [:]
    private var seen: Set<Identity> = []

    /// A content in a cache. Mounts may share a cache, and a file may be in several places of a mount.
    private struct Identity: Hashable {
        var cache: FilePath?
        var key: ContentKey
    }

    /// As `status` waits for a mount.
    private static let patience = Duration.seconds(5)

    init(_ board: PrefetchBoard) {
        self.board = board
    }

    /// Adds what an operand stands for. What can't be had is told, and nothing else is kept from being found.
    mutating func add(operand: String) {
        guard let resolved = realpath(operand, nil) else {
            return board.fail(operand, "\(Errno(rawValue: errno))")
        }
        defer { free(resolved) }
        let path = FilePath(String(cString: resolved))
        let entries = BaseSpaceMounts.current().entries.filter { path.starts(with: FilePath($0.mountPoint)) }
        guard let entry = entries.max(by: { $0.mountPoint.utf8.count < $1.mountPoint.utf8.count }) else {
            return board.fail(operand, "is in no mount of basespacefs")
        }
        let mount: PrefetchMount
        do throws(CommandFailure) {
            mount = try self.mount(entry)
        } catch {
            return board.fail(operand, error.message)
        }
        var status = stat()
        guard lstat(path.string, &status) == 0 else {
            return board.fail(operand, "\(Errno(rawValue: errno))")
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            add(directory: path.string, in: mount)
        } else if !add(file: path.string, status, in: mount) {
            board.fail(operand, "is no file with content at the service")
        }
    }

    private mutating func mount(_ entry: MountTable.Entry) throws(CommandFailure) -> PrefetchMount {
        if let known = mounts[entry.device] { return try known.get() }
        let result: Result<PrefetchMount, CommandFailure>
        do throws(CommandFailure) {
            result = .success(try PrefetchMount(entry, patience: Self.patience))
        } catch {
            result = .failure(error)
        }
        mounts[entry.device] = result
        return try result.get()
    }

    // MARK: Directories

    private mutating func add(directory: String, in mount: PrefetchMount) {
        guard let stream = opendir(directory) else {
            return board.fail(directory, "\(Errno(rawValue: errno))")
        }
        var names: [(name: String, type: UInt8)] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append((name, entry.pointee.d_type))
            errno = 0
        }
        let problem = errno
        closedir(stream)
        if problem != 0 { board.fail(directory, "\(Errno(rawValue: problem))") }
        let isEntity = Self.attribute("href", of: directory) != nil
        // Names with a dot are of what the service tells, which is in no cache of content; so are an entity's properties.
        for (name, type) in names.sorted(by: { $0.name < $1.name })
        where !name.hasPrefix(".") && !(isEntity && name == "Properties") {
            let path = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
            switch type {
            case UInt8(DT_DIR): add(directory: path, in: mount)
            case UInt8(DT_REG):
                var status = stat()
                if lstat(path, &status) == 0 {
                    _ = add(file: path, status, in: mount)
                } else {
                    board.fail(path, "\(Errno(rawValue: errno))")
                }
            default: break
            }
        }
    }

    // MARK: Files

    /// Adds a file; false if it is none with content at the service.
    private mutating func add(file: String, _ status: stat, in mount: PrefetchMount) -> Bool {
        guard Self.attribute("href", of: file)?.hasPrefix("v1pre3/files/") == true,
            let id = Self.attribute("id", of: file)
        else { return false }
        let etag = Self.attribute("etag", of: file) ?? ""
        let key = ContentKey(file: id, etag: etag, size: Int64(status.st_size))
        guard seen.insert(Identity(cache: mount.cacheDirectory, key: key)).inserted else { return true }
        files.append(PrefetchFile(path: file, key: key, mount: mount))
        board.found(bytes: key.size)
        return true
    }

    /// An extended attribute `user.basespace.…`.
    private static func attribute(_ name: String, of path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = CLinux_extendedAttribute(path, "user.basespace.\(name)", &buffer, UInt(buffer.count))
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }
}
