import Glibc
import SystemPackage

/// systemd, where this process is a service of `Type=notify`: it is told when the mount answers and what takes so long
/// at the end. The protocol is that of sd_notify(3): a datagram of assignments to the socket that NOTIFY_SOCKET names.
enum ServiceManager {
    /// How many seconds `READY=1` waits for a manager that is busy, which would stop a mount that it takes for one that
    /// does not start. A guess: its queue holds some hundred messages, and nothing else keeps it busy.
    static let readinessPatience = 10

    /// Sends assignments such as `READY=1`. Without a manager that listens nothing happens: the mount works without.
    ///
    /// - Parameters:
    ///   - patience: Seconds to wait while the manager's queue is full; with 0 the message is lost then.
    ///   - name: What the manager calls its socket, if there is one.
    /// - Returns: Why a manager has not got the message; `nil` where it has, or where there is none.
    @discardableResult
    static func notify(
        _ assignments: String...,
        patience: Int = 0,
        to name: String? = ProcessEnvironment.value("NOTIFY_SOCKET")
    ) -> Errno? {
        guard let name else { return nil }
        guard let (address, length) = address(of: name) else { return .invalidArgument }
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return Errno(rawValue: errno) }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let flags = CInt(patience > 0 ? MSG_NOSIGNAL : MSG_NOSIGNAL | MSG_DONTWAIT)
        // A line each; a value must not begin a line of its own.
        var text = assignments.map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
        let count = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                text.withUTF8 { sendto(descriptor, $0.baseAddress, $0.count, flags, pointer, length) }
            }
        }
        return count < 0 ? Errno(rawValue: errno) : nil
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
