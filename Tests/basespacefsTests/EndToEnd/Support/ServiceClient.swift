import BaseSpaceSimulator
import Foundation
import TestSupport

/// Somebody else at the service: calls its API without the product.
struct ServiceClient {
    let simulator: Simulator

    init(_ simulator: Simulator) {
        self.simulator = simulator
    }

    /// Makes a call, and answers the `Response` object of its reply.
    @discardableResult
    func call(
        _ method: String,
        _ path: String,
        body: [UInt8]? = nil,
        type: String = "application/json"
    ) async -> [String: Any] {
        let response = await RawHTTP.send(
            method,
            "\(simulator.apiURL)/v1pre3/\(path)",
            headers: ["x-access-token": Account.token, "Content-Type": type],
            body: body
        )
        let reply = try? JSONSerialization.jsonObject(with: response.data) as? [String: Any]
        return reply?["Response"] as? [String: Any] ?? [:]
    }

    /// Uploads a file.
    func upload(_ bytes: [UInt8], named name: String, toAppResult id: String) async {
        await call("POST", "appresults/\(id)/files?name=\(name)", body: bytes, type: "text/plain")
    }

    /// Sets a session's state.
    func set(_ status: String, ofSession id: String) async {
        await call("POST", "appsessions/\(id)", body: Array(#"{"status":"\#(status)"}"#.utf8))
    }
}
