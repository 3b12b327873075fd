import HummingbirdCore
import NIOCore
import Synchronization

/// The open connections of one server.
///
/// A connection is closed as soon as its client has closed its side: HTTP clients don't close half of a connection, so
/// it means that nobody waits for the answer. What hangs or sends into that connection ends with it.
final class Connections: Sendable {
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

    fileprivate func insert(_ channel: any Channel) {
        open.withLock { $0[ObjectIdentifier(channel)] = channel }
    }

    fileprivate func remove(_ channel: any Channel) {
        open.withLock { $0[ObjectIdentifier(channel)] = nil }
    }

    /// Closes all of them at once, whatever they are doing.
    func closeAll() {
        for channel in open.withLock({ Array($0.values) }) {
            channel.close(promise: nil)
        }
    }

    /// The handler that a new connection gets.
    func makeHandler() -> any RemovableChannelHandler { Handler(connections: self) }

    private final class Handler: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = Any

        private let connections: Connections

        init(connections: Connections) {
            self.connections = connections
        }

        func handlerAdded(context: ChannelHandlerContext) {
            connections.insert(context.channel)
        }

        func channelInactive(context: ChannelHandlerContext) {
            connections.remove(context.channel)
            context.fireChannelInactive()
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? ChannelEvent, event == .inputClosed {
                context.close(promise: nil)
            } else {
                context.fireUserInboundEventTriggered(event)
            }
        }
    }
}
