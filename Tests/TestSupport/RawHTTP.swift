public import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An HTTP/1.1 client that adds nothing, hides nothing and forgives nothing: one request on one connection, and what came
/// back, also when that is half an answer.
public enum RawHTTP {
    /// How a response ended.
    public enum Ending: Sendable, Equatable {
        /// With its last byte.
        case complete
        /// The server closed the connection before it.
        case closedEarly
        /// The server reset the connection.
        case reset
        /// Nothing more came in time.
        case timedOut
        /// Nobody listens.
        case refused
    }

    /// What came back.
    public struct Response: Sendable {
        /// 0 if no head came.
        public var status = 0
        /// In their order.
        public var headers: [(name: String, value: String)] = []
        /// Without the framing of chunks.
        public var body: [UInt8] = []
        /// How it ended.
        public var ending = Ending.closedEarly
        /// The body as something that describes itself in few words when a test fails.
        public var data: Data { Data(body) }
        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The value of a header, whatever the case of its name.
        public subscript(name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// Sends a request to a server on loopback and waits for the end of the answer on a thread of its own.
    ///
    /// - Parameter url: `http://127.0.0.1:PORT/…`, sent as it is.
    public static func send(
        _ method: String = "GET",
        _ url: String,
        headers: [String: String] = [:],
        body: [UInt8]? = nil,
        timeout: Duration = .seconds(20)
    ) async -> Response {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: exchange(method, url, headers, body, timeout))
            }
        }
    }

    private static func exchange(
        _ method: String,
        _ url: String,
        _ headers: [String: String],
        _ body: [UInt8]?,
        _ timeout: Duration
    ) -> Response {
        let rest = url.drop { $0 != ":" }.dropFirst(3)
        let authority = rest.prefix { $0 != "/" }
        let target = rest.dropFirst(authority.count)
        guard let port = authority.split(separator: ":").last.flatMap({ UInt16($0) }) else { return Response() }
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var limit = timeval(
            tv_sec: Int(timeout.components.seconds),
            tv_usec: Int(timeout.components.attoseconds / 1_000_000_000_000)
        )
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return Response(ending: .refused) }

        var request =
            "\(method) \(target.isEmpty ? "/" : target) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n"
        for (name, value) in headers {
            request += "\(name): \(value)\r\n"
        }
        if let body { request += "Content-Length: \(body.count)\r\n" }
        sendAll(Array((request + "\r\n").utf8) + (body ?? []), to: descriptor)
        return receive(from: descriptor, isHead: method == "HEAD")
    }

    private static func sendAll(_ bytes: [UInt8], to descriptor: CInt) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor,
                    $0.baseAddress.map { $0 + sent },
                    bytes.count - sent,
                    CInt(MSG_NOSIGNAL)
                )
            }
            // A server that refuses a body may close before it has read all of it: its answer counts.
            if count <= 0 { return }
            sent += count
        }
    }

    private static func receive(from descriptor: CInt, isHead: Bool) -> Response {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var ending = Ending.closedEarly
        reading: while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            switch count {
            case 1...: received += buffer[..<count]
            case 0: break reading
            default:
                ending = errno == EAGAIN ? .timedOut : .reset
                break reading
            }
        }
        return parse(received, ending: ending, isHead: isHead)
    }

    private static func parse(_ bytes: [UInt8], ending: Ending, isHead: Bool) -> Response {
        var response = Response(ending: ending)
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return response }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        response.status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        response.headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (String(line[..<colon]), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        let rest = bytes[end.upperBound...]
        if response.status == 100 { return parse(Array(rest), ending: ending, isHead: isHead) }
        let isWhole: Bool
        if response["Transfer-Encoding"]?.lowercased() == "chunked" {
            (response.body, isWhole) = unchunk(rest)
        } else {
            response.body = Array(rest)
            isWhole = isHead || response["Content-Length"].flatMap { Int($0) } == rest.count
        }
        if isWhole { response.ending = .complete }
        return response
    }

    private static func unchunk(_ bytes: ArraySlice<UInt8>) -> (body: [UInt8], isWhole: Bool) {
        var body: [UInt8] = []
        var rest = bytes
        while let lineEnd = rest.firstRange(of: Array("\r\n".utf8)),
            let size = Int(String(decoding: rest[..<lineEnd.lowerBound], as: UTF8.self), radix: 16)
        {
            rest = rest[lineEnd.upperBound...]
            if size == 0 { return (body, true) }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return (body, false)
    }
}
