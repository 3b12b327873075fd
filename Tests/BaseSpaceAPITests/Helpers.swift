import BaseSpaceAPI
import Foundation
import HTTPTransport
import Logging
import TestSupport

/// What test calls are authorized with.
let secret = "0123456789abcdef0123456789abcdef"

/// Runs `body` with a client of a scripted server, and ends both.
func withService(
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    connections: Int = 6,
    deadlines: HTTPDeadlines = HTTPDeadlines(),
    script: @escaping @Sendable (ScriptedServer.Request) -> [ScriptedServer.Step],
    _ body: (BaseSpaceClient, ScriptedServer) async throws -> Void
) async throws {
    let server = try ScriptedServer(script)
    defer { server.stop() }
    var configuration = HTTPClient.Configuration.api(logger: logger)
    configuration.maximumConnections = connections
    configuration.deadlines = deadlines
    let transport = HTTPClient(configuration)
    defer { transport.shutdown() }
    let client = BaseSpaceClient(
        server: try HTTPURL(server.url),
        token: try AccessToken(secret),
        transport: transport,
        logger: logger
    )
    try await body(client, server)
}

/// The failure of a call that has to fail.
func failure<Value>(_ call: () async throws(BaseSpaceError) -> Value) async throws -> BaseSpaceError {
    do throws(BaseSpaceError) {
        _ = try await call()
    } catch {
        return error
    }
    throw UnexpectedSuccess()
}

/// A call succeeded that should have failed.
struct UnexpectedSuccess: Error {}

/// A reply in v1's envelope.
func v1(_ response: String, status: Int = 200) -> [ScriptedServer.Step] {
    [.reply(status, #"{"Response":\#(response),"ResponseStatus":{},"Notifications":[]}"#)]
}

/// An error in v1's form.
func v1Error(_ status: Int, _ code: String, _ message: String) -> [ScriptedServer.Step] {
    let body = #"{"ResponseStatus":{"ErrorCode":"\#(code)","Message":"\#(message)"},"Notifications":[]}"#
    return [.reply(status, body, headers: ["X-Request-ID: 2025.05.21.abc"])]
}

extension ScriptedServer.Request {
    /// The JSON object in the body.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
    }

    /// A parameter of the query that is a number.
    func number(_ name: String) -> Int {
        parameter(name).flatMap { Int($0) } ?? 0
    }
}

/// Reads a model from JSON.
func decode<Value: Decodable>(_ json: String, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(json.utf8))
}
