import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import SystemPackage

/// One listening socket on loopback and the connections it accepted.
final class HTTPServer: Sendable {
    /// The port can't be listened on, in words.
    struct CannotListen: Error, CustomStringConvertible {
        let description: String
    }

    typealias Respond = @Sendable (Request, consuming ResponseWriter, any Channel) async throws -> Void

    /// The socket's port.
    let port: Int
    private let connections: Connections
    private let task: Task<Void, Never>

    private init(port: Int, connections: Connections, task: Task<Void, Never>) {
        self.port = port
        self.connections = connections
        self.task = task
    }

    /// Starts to listen on 127.0.0.1.
    ///
    /// - Parameter port: 0 for a free one.
    static func start(
        port: Int,
        group: any EventLoopGroup,
        logger: Logger,
        respond: @escaping Respond
    ) async throws -> HTTPServer {
        let connections = Connections()
        let (ports, continuation) = AsyncThrowingStream.makeStream(of: Int.self)
        let task = Task {
            do {
                // The server is made and released in here: what it holds has to go before the event loops do, which
                // end after this task.
                try await run(port: port, connections: connections, group: group, logger: logger, respond: respond) {
                    continuation.yield($0)
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        do {
            for try await port in ports {
                return HTTPServer(port: port, connections: connections, task: task)
            }
            throw CancellationError()
        } catch let error as IOError {
            throw CannotListen(
                description: "cannot listen on 127.0.0.1:\(port): \(Errno(rawValue: error.errnoCode)); "
                    + "choose another port, or 0 for a free one"
            )
        }
    }

    /// Serves until the task is cancelled.
    private static func run(
        port: Int,
        connections: Connections,
        group: any EventLoopGroup,
        logger: Logger,
        respond: @escaping Respond,
        onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        let server = Server(
            childChannelSetup: HTTP1Channel(
                responder: respond,
                configuration: HTTP1Channel.Configuration(additionalChannelHandlers: [connections.makeHandler()])
            ),
            configuration: ServerConfiguration(
                address: .hostname("127.0.0.1", port: port),
                // Benchmarks open many connections at once; the kernel caps this at net.core.somaxconn.
                backlog: 1024
            ),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? port) },
            eventLoopGroup: group,
            logger: logger
        )
        try await server.run()
    }

    /// Stops listening, closes every connection whatever it is doing, and returns when nothing runs any more.
    func stop() async {
        task.cancel()
        connections.closeAll()
        await task.value
    }
}
