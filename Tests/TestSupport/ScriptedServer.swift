import Glibc
import Synchronization

/// A tiny HTTP/1.1 server on loopback whose answers are scripted byte by byte, so that faults are exact: it resets,
/// hangs, lies about lengths and drips as told. One thread per connection; ends with `stop()` or its last reference.
public final class ScriptedServer: Sendable {
    /// A request, as it came.
    public struct Request: Sendable {
        /// The method.
        public let method: String
        /// Path and query.
        public let target: String
        /// Names in lower case; of equal names the last one.
        public let headers: [String: String]
        /// The whole body.
        public let body: [UInt8]
        /// Which connection it came on, counted from 1.
        public let connection: Int
        /// Which request of that connection it is, counted from 1.
        public let numberOnConnection: Int

        /// The path without the query.
        public var path: String { String(target.prefix { $0 != "?" }) }

        /// The value of a query's parameter, as it is encoded.
        public func parameter(_ name: String) -> String? {
            let query = target.drop { $0 != "?" }.dropFirst()
            let prefix = name + "="
            return query.split(separator: "&").first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        }
    }

    /// What the server does next on a connection. After the last step it waits for the next request.
    public enum Step: Sendable {
        /// Sends bytes as they are.
        case send([UInt8])
        /// Sends bytes one by one, with a pause before each.
        case drip([UInt8], every: Duration)
        /// Sends so many zero bytes.
        case zeros(Int)
        /// Does nothing until the client closes the connection or the server stops.
        case hang
        /// Waits until a condition is true, or the server stops.
        case until(@Sendable () -> Bool)
        /// Closes the connection.
        case close
        /// Closes the connection with a reset.
        case reset

        /// Sends a text as it is.
        public static func send(_ text: String) -> Step { .send(Array(text.utf8)) }

        /// A whole response.
        public static func reply(_ status: Int, _ body: String = "", headers: [String] = []) -> Step {
            let head = head(status, length: body.utf8.count, headers: headers)
            return .send(head + body)
        }

        /// A response's head that announces a body.
        public static func head(_ status: Int, length: Int, headers: [String] = []) -> String {
            let lines = ["HTTP/1.1 \(status) Scripted", "Content-Length: \(length)"] + headers
            return lines.joined(separator: "\r\n") + "\r\n\r\n"
        }
    }

    private struct State {
        var requests: [Request] = []
        var connections = 0
        var open: Set<CInt> = []
        var concurrent = 0
        var peak = 0
        var isStopping = false
    }

    /// The port on 127.0.0.1.
    public let port: Int
    private let listener: CInt
    private let script: @Sendable (Request) -> [Step]
    private let resetsBeforeBody: @Sendable (_ connection: Int, _ numberOnConnection: Int) -> Bool
    private let state = Mutex(State())

    /// Starts a server on a free port.
    ///
    /// - Parameters:
    ///   - resetsBeforeBody: Whether to reset a connection when a request's head has come but not its body; such a request
    ///     is not recorded.
    ///   - script: What to do with a request; called on the connection's thread.
    public init(
        resetsBeforeBody: @escaping @Sendable (_ connection: Int, _ numberOnConnection: Int) -> Bool = { _, _ in false
        },
        _ script: @escaping @Sendable (Request) -> [Step]
    ) throws {
        self.resetsBeforeBody = resetsBeforeBody
        self.script = script
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw ScriptedServerError() }
        port = Int(UInt16(bigEndian: address.sin_port))
        Self.startThread { [weak self] in Self.accept(on: listener) { self } }
    }

    deinit {
        stop()
    }

    /// The server's root.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// All requests that came whole, in the order of their arrival.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// Connections that were ever made.
    public var connections: Int { state.withLock { $0.connections } }

    /// Connections that are open now.
    public var openConnections: Int { state.withLock { $0.open.count } }

    /// The most requests that were ever being answered at once.
    public var peakOfConcurrentRequests: Int { state.withLock { $0.peak } }

    /// Closes everything.
    public func stop() {
        state.withLock { state in
            guard !state.isStopping else { return }
            state.isStopping = true
            // Wakes the threads up; each closes its own descriptor.
            shutdown(listener, CInt(SHUT_RDWR))
            state.open.forEach { _ = shutdown($0, CInt(SHUT_RDWR)) }
        }
    }

    // MARK: Threads

    private static func accept(on listener: CInt, _ server: () -> ScriptedServer?) {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            guard connection >= 0, let server = server() else { break }
            let number = server.state.withLock { state -> Int? in
                guard !state.isStopping else { return nil }
                state.connections += 1
                state.open.insert(connection)
                return state.connections
            }
            guard let number else {
                close(connection)
                break
            }
            startThread { server.serve(Connection(connection), number) }
        }
        close(listener)
    }

    private func serve(_ connection: Connection, _ number: Int) {
        var count = 0
        while let message = connection.readRequest(resetsBeforeBody: { resetsBeforeBody(number, count + 1) }) {
            count += 1
            let request = Request(
                method: message.method,
                target: message.target,
                headers: message.headers,
                body: message.body,
                connection: number,
                numberOnConnection: count
            )
            state.withLock { state in
                state.requests.append(request)
                state.concurrent += 1
                state.peak = max(state.peak, state.concurrent)
            }
            let goesOn = script(request).allSatisfy { connection.perform($0) { self.state.withLock(\.isStopping) } }
            state.withLock { $0.concurrent -= 1 }
            if !goesOn { break }
        }
        state.withLock { state in
            state.open.remove(connection.descriptor)
            connection.close()
        }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        final class Start: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(body)).toOpaque()
        pthread_create(
            &thread,
            nil,
            { context in
                if let context {
                    Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
                }
                return nil
            },
            start
        )
        pthread_detach(thread)
    }
}

/// No socket could be opened.
public struct ScriptedServerError: Error {}
