import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOPosix

/// Answers the requests of one listener: records each, asks the faults, lets the handler make the right answer and sends
/// what the faults have left of it.
final class Responder: Sendable {
    /// The connection has to be closed instead of going on.
    struct ConnectionEnds: Error {}

    private let listener: Listener
    private let services: Services
    private let handle: @Sendable (Incoming) async -> Reply
    /// The listener's usual error with some status, for faults that name no body.
    private let failure: @Sendable (Int) -> Reply

    init(
        _ listener: Listener,
        services: Services,
        handle: @escaping @Sendable (Incoming) async -> Reply,
        failure: @escaping @Sendable (Int) -> Reply
    ) {
        self.listener = listener
        self.services = services
        self.handle = handle
        self.failure = failure
    }

    /// Answers one request.
    func respond(to request: Request, writer: consuming ResponseWriter, channel: any Channel) async throws {
        let parts = (request.head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.map(String.init) ?? "/"
        let query = parts.count > 1 ? String(parts[1]) : ""
        let method = request.method.rawValue
        let received = IncomingBody.Counter()
        if request.headers[.expect]?.lowercased() == "100-continue" {
            // Sent at once: no handler refuses a body by its headers alone before the client has waited long enough.
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }

        // Control paths are the test's own: never recorded, never disturbed.
        let isControl = listener == .api && path.hasPrefix(ControlRoutes.prefix)
        let number = isControl ? nil : record(request, method: method, path: path, query: query)
        var interference =
            isControl
            ? Interference()
            : services.faults.interference(
                listener: listener,
                method: method,
                path: path,
                isRanged: request.headers[.range] != nil
            )

        if listener == .objectStore, let speed = services.configuration.objectStoreBandwidth {
            interference.add(.bandwidth(speed))
        }
        var sent: Int64 = 0
        do {
            try await delay(interference, channel: channel)
            let incoming = Incoming(
                method: method,
                authority: request.head.authority ?? "127.0.0.1",
                path: path,
                query: query,
                fields: request.headers,
                body: IncomingBody(
                    body: request.body,
                    declaredLength: request.headers[.contentLength].flatMap { Int64($0) },
                    pool: services.pool,
                    received: received
                ),
                ignoresRange: interference.ignoresRange
            )
            var reply: Reply
            if let replacement = interference.replacement {
                reply = replace(by: replacement)
            } else {
                reply = await handle(incoming)
            }
            disturb(&reply, by: interference)
            // By the simulated clock, against which signed URLs expire.
            if reply.field("Date") == nil { reply.set("Date", services.clock.now.http) }
            if method == "HEAD" { reply.body = .none }
            if let number { services.log.update(number) { $0.status = Int(reply.status.code) } }
            try await send(reply, interference, writer: writer, channel: channel, sent: &sent)
            finish(number, sent: sent, received: received)
        } catch {
            finish(number, sent: sent, received: received)
            throw error
        }
    }

    // MARK: The log

    private func record(_ request: Request, method: String, path: String, query: String) -> Int {
        services.log.append(
            RecordedRequest(
                listener: listener,
                method: method,
                path: path,
                query: query,
                headers: request.headers.map { ($0.name.rawName, $0.value) },
                started: services.log.elapsed
            )
        )
    }

    private func finish(_ number: Int?, sent: Int64, received: IncomingBody.Counter) {
        guard let number else { return }
        let now = services.log.elapsed
        services.log.update(number) { request in
            request.bytesSent = sent
            request.bytesReceived = received.value
            request.finished = now
        }
    }

    // MARK: Faults

    private func delay(_ interference: Interference, channel: any Channel) async throws {
        let latency = interference.latency + services.configuration.latency
        if latency > .zero { try await Task.sleep(for: latency) }
        if interference.hangs { try await hang(channel, interference) }
    }

    private func hang(_ channel: any Channel, _ interference: Interference) async throws {
        try await services.faults.hang(on: channel, generation: interference.generation)
        guard channel.isActive else { throw ConnectionEnds() }
    }

    private func replace(by replacement: Interference.Replacement) -> Reply {
        var reply = failure(replacement.status)
        if let body = replacement.body {
            reply.body = .bytes(Array(body.utf8))
            reply.fields[.contentLength] = String(body.utf8.count)
        }
        for (name, value) in replacement.headers {
            reply.set(name, value)
        }
        return reply
    }

    private func disturb(_ reply: inout Reply, by interference: Interference) {
        if let tag = interference.entityTag, reply.fields[.eTag] != nil { reply.fields[.eTag] = "\"\(tag)\"" }
        if let range = interference.contentRange, reply.fields[.contentRange] != nil {
            reply.fields[.contentRange] = range
        }
        if interference.omitsTotalCount, case .bytes(let bytes) = reply.body {
            reply.body = .bytes(Self.withoutTotalCount(bytes))
        }
    }

    /// A list's own count stands behind its items, so it is the last in the text.
    private static func withoutTotalCount(_ bytes: [UInt8]) -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let name = text.ranges(of: "\"TotalCount\":").last, let end = text[name.upperBound...].firstIndex(of: ",")
        else { return bytes }
        return Array((text[..<name.lowerBound] + text[text.index(after: end)...]).utf8)
    }

    // MARK: Sending

    private func send(
        _ reply: Reply,
        _ interference: Interference,
        writer: consuming ResponseWriter,
        channel: any Channel,
        sent: inout Int64
    ) async throws {
        let head = HTTPResponse(status: reply.status, headerFields: reply.fields)
        guard let source = try BodySource(reply.body, pool: services.pool, eventLoop: channel.eventLoop) else {
            return try await writer.writeResponse(head)
        }
        if interference.leavesBodyAlone, source.count <= BodySource.pieceSize {
            // One batch: head, body and end leave in one system call.
            let buffer = try await source.piece(at: 0, count: Int(source.count)).get()
            try await writer.write(response: head, body: ResponseBody(byteBuffer: buffer))
            sent = Int64(buffer.readableBytes)
            return
        }
        var body = try await writer.writeHead(head)
        var pace = interference.bytesPerSecond.map(Pace.init)
        let pieceSize = pace?.pieceSize ?? BodySource.pieceSize
        var end = source.count
        if let cut = interference.cut { end = min(end, Int64(cut.afterBytes)) }
        while true {
            // One piece is read ahead while the one before it is being written.
            var next = sent < end ? source.piece(at: sent, count: Int(min(Int64(pieceSize), end - sent))) : nil
            while let piece = next {
                let buffer = try await piece.get()
                let position = sent + Int64(buffer.readableBytes)
                next =
                    position < end ? source.piece(at: position, count: Int(min(Int64(pieceSize), end - position))) : nil
                try await body.write(buffer)
                sent = position
                try await pace?.wait(for: buffer.readableBytes)
            }
            guard end < source.count, let cut = interference.cut else { break }
            try await perform(cut.kind, interference, channel: channel)
            end = source.count
        }
        try await body.finish(nil)
    }

    /// Breaks the connection in the middle of a body; returns only from a stall that has been cleared.
    private func perform(_ cut: Interference.Cut, _ interference: Interference, channel: any Channel) async throws {
        try await drain(channel)
        switch cut {
        case .stall:
            try await hang(channel, interference)
        case .close:
            throw ConnectionEnds()
        case .reset:
            // Closing with a linger time of 0 sends RST instead of FIN.
            try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try await channel.close()
            throw ConnectionEnds()
        }
    }

    /// Waits until everything that was written is the kernel's: a cut must not take away what came before it.
    private func drain(_ channel: any Channel) async throws {
        while channel.isActive, try await channel.getOption(.bufferedWritableBytes).get() > 0 {
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}

/// Keeps a body to a speed.
private struct Pace {
    private let bytesPerSecond: Int
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var sent = 0

    init(bytesPerSecond: Int) {
        self.bytesPerSecond = bytesPerSecond
        self.start = clock.now
    }

    /// Twenty pieces a second are smooth enough for any reader's timer; the bounds keep very slow and fast lines sane.
    var pieceSize: Int { min(max(bytesPerSecond / 20, 256), BodySource.pieceSize) }

    mutating func wait(for count: Int) async throws {
        sent += count
        try await clock.sleep(until: start + .seconds(Double(sent) / Double(bytesPerSecond)))
    }
}
