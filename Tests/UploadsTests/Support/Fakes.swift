import BaseSpaceAPI
import HTTPTransport
import SystemPackage

extension BaseSpaceError {
    static func fake(status: Int, _ message: String = "scripted") -> BaseSpaceError {
        BaseSpaceError(kind: .service(status: status), message: message, endpoint: "POST v1pre3/fake")
    }

    static var fakeStall: BaseSpaceError {
        BaseSpaceError(kind: .transport(.stalled), message: "no bytes for 30 s", endpoint: "PUT v1pre3/fake")
    }

    /// The line broke after the request was sent.
    static var fakeLoss: BaseSpaceError {
        BaseSpaceError(
            kind: .transport(.stalled),
            message: "no bytes for 30 s",
            endpoint: "POST v1pre3/fake",
            mayHaveReachedServer: true
        )
    }

    static var fakeCancelled: BaseSpaceError {
        BaseSpaceError(kind: .cancelled, message: "cancelled", endpoint: "PUT v1pre3/fake")
    }
}

extension RemoteFile {
    static func fake(id: EntityID, path: String, size: Int64, etag: String?) -> RemoteFile {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return RemoteFile(id: id, name: name, path: path, size: size, contentType: nil, etag: etag)
    }
}

extension HTTPBody {
    /// The bytes, read as the transport reads them; `nil` when they can't be.
    func contents() -> [UInt8]? {
        switch self {
        case .none:
            return []
        case .bytes(let bytes):
            return bytes
        case .file(let descriptor, let offset, let count):
            let bytes = try? [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
                let buffer = UnsafeMutableRawBufferPointer(buffer)
                initialized = try FileDescriptor(rawValue: descriptor).read(fromAbsoluteOffset: offset, into: buffer)
            }
            return bytes?.count == Int(count) ? bytes : nil
        }
    }
}
