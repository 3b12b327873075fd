import BaseSpaceAPI
import HTTPTransport
import Synchronization
import TestSupport

@testable import RemoteFiles

/// An object store in this process, and the locator that hands out its URLs. It serves ranges of contents, checks
/// `If-Match` and the age of the URL, and does wrong as told.
final class StoreOfContents: ContentLocator {
    /// A request, as the store saw it.
    struct Get: Sendable {
        /// Counted from 1, over all files.
        let number: Int
        let file: EntityID
        let range: Range<Int64>
        /// Which URL of all that were handed out it came with.
        let key: Int
        let time: ContinuousClock.Instant
    }

    /// What the store does with a request.
    enum Behaviour: Sendable {
        case serve
        case serveWhen(@Sendable () -> Bool)
        case status(Int, headers: [String] = [])
        /// Closes the connection after so many bytes of the body.
        case shortBody(Int)
        /// Resets the connection after so many bytes of the body; the client may lose some of them.
        case reset(Int)
        /// Sends nothing more after so many bytes of the body, and keeps the connection.
        case stall(Int)
        case hang
        case contentRange(String)
        case ignoreRange
    }

    struct State {
        var contents: [EntityID: (bytes: [UInt8], etag: String)] = [:]
        var issued: [ContinuousClock.Instant] = []
        /// Keys before this one are refused.
        var firstValidKey = 0
        var gets: [Get] = []
        var asked: [EntityID: Int] = [:]
    }

    final class Core: Sendable {
        let state = Mutex(State())
        let behaviour: @Sendable (Get) -> Behaviour
        let urlLifetime: Duration

        init(urlLifetime: Duration, behaviour: @escaping @Sendable (Get) -> Behaviour) {
            self.urlLifetime = urlLifetime
            self.behaviour = behaviour
        }
    }

    private let core: Core
    let server: ScriptedServer
    /// What is said about the life of a URL.
    private let saidLifetime: Duration

    /// - Parameters:
    ///   - urlLifetime: How long a URL is taken.
    ///   - saidLifetime: How long it is said to be.
    init(
        urlLifetime: Duration = .seconds(1000),
        saidLifetime: Duration = .seconds(1000),
        _ behaviour: @escaping @Sendable (Get) -> Behaviour = { _ in .serve }
    ) throws {
        let core = Core(urlLifetime: urlLifetime, behaviour: behaviour)
        self.core = core
        self.saidLifetime = saidLifetime
        server = try ScriptedServer { core.steps(for: $0) }
    }

    /// What was asked for, in the order of arrival.
    var gets: [Get] { core.state.withLock { $0.gets } }

    /// How often a URL was asked for.
    func asked(for file: EntityID) -> Int { core.state.withLock { $0.asked[file] ?? 0 } }

    /// Puts a content in the place of whatever is there.
    func put(_ bytes: [UInt8], etag: String, as file: EntityID) {
        core.state.withLock { $0.contents[file] = (bytes, etag) }
    }

    func remove(_ file: EntityID) {
        core.state.withLock { $0.contents[file] = nil }
    }

    /// Refuses every URL that was handed out so far.
    func refuseURLs() {
        core.state.withLock { $0.firstValidKey = $0.issued.count }
    }

    func contentLocation(of file: EntityID) async throws(BaseSpaceError) -> ContentLocation {
        let key = core.state.withLock { state in
            state.asked[file, default: 0] += 1
            state.issued.append(.now)
            return state.issued.count - 1
        }
        guard let url = try? HTTPURL("\(server.url)/\(file)?key=\(key)") else {
            throw BaseSpaceError(kind: .undecodable, message: "no URL", endpoint: "GET \(file)")
        }
        let seconds = saidLifetime.components.seconds
        return ContentLocation(url: url, expires: Timestamp(seconds: Timestamp.now.seconds + seconds))
    }
}

extension StoreOfContents.Core {
    func steps(for request: ScriptedServer.Request) -> [ScriptedServer.Step] {
        let file = EntityID(String(request.path.dropFirst()))
        let key = request.parameter("key").flatMap { Int($0) } ?? 0
        let bounds = request.headers["range"]?.dropFirst("bytes=".count).split(separator: "-").compactMap { Int64($0) }
        guard let bounds, bounds.count == 2 else { return [.reply(400)] }
        let range = bounds[0]..<bounds[1] + 1
        let (get, content, isTaken) = state.withLock { state in
            let get = StoreOfContents.Get(
                number: state.gets.count + 1,
                file: file,
                range: range,
                key: key,
                time: .now
            )
            state.gets.append(get)
            let isTaken = key >= state.firstValidKey && ContinuousClock.now - state.issued[key] < urlLifetime
            return (get, state.contents[file], isTaken)
        }
        let behaviour = behaviour(get)
        if case .hang = behaviour { return [.hang] }
        if case .status(let status, let headers) = behaviour { return [.reply(status, headers: headers)] }
        guard isTaken else { return [.reply(403)] }
        guard let content else { return [.reply(404)] }
        if let wanted = request.headers["if-match"], wanted != "\"\(content.etag)\"" { return [.reply(412)] }
        guard range.upperBound <= content.bytes.count else { return [.reply(416)] }
        return answer(behaviour, range, content.bytes)
    }

    private func answer(
        _ behaviour: StoreOfContents.Behaviour,
        _ range: Range<Int64>,
        _ bytes: [UInt8]
    ) -> [ScriptedServer.Step] {
        let body = Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        func head(_ contentRange: String) -> ScriptedServer.Step {
            .send(ScriptedServer.Step.head(206, length: body.count, headers: ["Content-Range: \(contentRange)"]))
        }
        let right = head("bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)")
        return switch behaviour {
        case .serveWhen(let condition): [.until(condition), right, .send(body)]
        case .shortBody(let count): [right, .send(Array(body.prefix(count))), .close]
        case .reset(let count): [right, .send(Array(body.prefix(count))), .reset]
        case .stall(let count): [right, .send(Array(body.prefix(count))), .hang]
        case .contentRange(let text): [head(text), .send(body)]
        case .ignoreRange: [.send(ScriptedServer.Step.head(200, length: bytes.count)), .send(bytes)]
        case .serve, .status, .hang: [right, .send(body)]
        }
    }
}
