import Glibc

/// systemd, where this process is a service of `Type=notify`: it is told when the mount answers and what takes so long
/// at the end. The protocol is that of sd_notify(3): a datagram of assignments to the socket that NOTIFY_SOCKET names.
enum ServiceManager {
    /// Sends assignments such as `READY=1`. Without a manager that listens nothing happens: the mount works without.
    static func notify(_ assignments: String...) {
        guard let path = ProcessEnvironment.value("NOTIFY_SOCKET"), let (address, length) = address(of: path) else {
            return
        }
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // At boot the manager has much to read; but one that does not read must not stop a mount.
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        // A line each; a value must not begin a line of its own.
        var text = assignments.map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                text.withUTF8 { bytes in
                    _ = sendto(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL), pointer, length)
                }
            }
        }
    }

    /// The address of a socket: a path, or `@` and a name in the abstract namespace, which has no end mark; `nil` for
    /// anything else.
    static func address(of path: String) -> (sockaddr_un, socklen_t)? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count > 1, bytes.count < room, bytes[0] == UInt8(ascii: "/") || bytes[0] == UInt8(ascii: "@") else {
            return nil
        }
        if bytes[0] == UInt8(ascii: "@") {
            bytes[0] = 0
        } else {
            bytes.append(0)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let start = MemoryLayout<sockaddr_un>.size - room
        return (address, socklen_t(start + bytes.count))
    }
}
