public import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension Simulator {
    /// The content of a file that a test puts onto the service.
    public enum Content: Sendable {
        /// These bytes.
        case bytes([UInt8])
        /// A file of this machine, served from where it is.
        case local(FilePath)
        /// So many zero bytes, which take no room on the disk.
        case zeros(Int64)
    }

    /// What a test asked for can't be done, in words.
    public struct Misuse: Error, CustomStringConvertible {
        /// What was wrong.
        public let description: String
    }
}

extension UploadDirectory {
    /// Puts content where the object store can serve it from.
    ///
    /// - Parameter id: of the file that it is for; several may share it.
    func store(_ content: Simulator.Content, for id: Int64) throws -> (location: FilePath, size: Int64) {
        switch content {
        case .bytes(let bytes):
            // A name of its own for each content: one that is replaced may still be being read.
            let location = root.appending("files").appending("\(id)-\(RequestIDs.random(8))")
            let descriptor = try FileDescriptor.open(
                location,
                .writeOnly,
                options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite
            )
            try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
            return (location, Int64(bytes.count))
        case .local(let path):
            var status = stat()
            guard stat(path.string, &status) == 0 else {
                throw Simulator.Misuse(description: "cannot read \(path): \(Errno(rawValue: errno))")
            }
            return (path, Int64(status.st_size))
        case .zeros(let size):
            let location = root.appending("files").appending("zeros-\(size)")
            let descriptor = try FileDescriptor.open(
                location,
                .writeOnly,
                options: [.create, .closeOnExec],
                permissions: .ownerReadWrite
            )
            try descriptor.closeAfter { try descriptor.resize(to: size) }
            return (location, size)
        }
    }
}
