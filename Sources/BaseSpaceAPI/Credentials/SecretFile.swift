import Glibc
import SystemPackage

/// Files that hold a token: they are read only when nobody else can read them.
enum SecretFile {
    /// Far more than a token or a profile needs; a wrong path to a large file ends here.
    private static let sizeLimit = 64 << 10

    /// The text of a file; `nil` when there is none.
    ///
    /// The mode is that of the opened file, so the file can't be exchanged between the check and the reading.
    static func text(at path: FilePath) throws(CredentialsError) -> String? {
        try bytes(at: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The same as bytes.
    static func bytes(at path: FilePath) throws(CredentialsError) -> [UInt8]? {
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(reading: path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(reading: path) }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw CredentialsError("can't read \(path): it is a directory")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw CredentialsError("\(path) holds a token and is open to others (mode \(mode)): chmod 600 \(path)")
        }
        return try bytes(of: descriptor, path)
    }

    private static func bytes(of descriptor: CInt, _ path: FilePath) throws(CredentialsError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(reading: path) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= sizeLimit else {
                throw CredentialsError("\(path) is too large for a file that holds a token")
            }
        }
    }

    private static func failure(reading path: FilePath) -> CredentialsError {
        CredentialsError("can't read \(path): \(Errno(rawValue: errno))")
    }
}
