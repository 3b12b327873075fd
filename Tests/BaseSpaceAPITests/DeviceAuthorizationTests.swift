import BaseSpaceAPI
import Foundation
import HTTPTransport
import Logging
import TestSupport
import Testing

struct DeviceAuthorizationTests {
    private static let codes =
        #"""
        {"verification_uri":"https://example.org/device","verification_with_code_uri":"https://example.org/device?code=aB1",
        "user_code":"aB1","device_code":"DEVICE-SECRET","expires_in":1800,"interval":1}
        """#

    private func withServer(
        _ script: @escaping @Sendable (ScriptedServer.Request) -> [ScriptedServer.Step],
        _ body: (DeviceAuthorization, ScriptedServer) async throws -> Void
    ) async throws {
        let server = try ScriptedServer(script)
        defer { server.stop() }
        let transport = HTTPClient(.api(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        defer { transport.shutdown() }
        try await body(DeviceAuthorization(server: try HTTPURL(server.url), transport: transport), server)
    }

    private func poll(_ authorization: DeviceAuthorization) async throws(BaseSpaceError) -> DeviceLogin {
        guard let code = try? decode(Self.codes, as: DeviceCode.self) else { return .expired }
        return try await authorization.pollDeviceToken(code, clientID: "app", clientSecret: Secret("APP SECRET&"))
    }

    @Test func aCodeIsAskedFor() async throws {
        try await withServer { _ in
            [.reply(200, Self.codes)]
        } _: { authorization, server in
            let code = try await authorization.requestDeviceCode(clientID: "a b", scope: "read global, read project 1")
            #expect(code.userCode == "aB1" && code.verificationURL == "https://example.org/device")
            #expect(code.verificationURLWithCode == "https://example.org/device?code=aB1")
            #expect(code.lifetime == .seconds(1800) && code.interval == .seconds(1))
            #expect(code.deviceCode.withSecret { $0 } == "DEVICE-SECRET")
            let request = server.requests[0]
            #expect(request.method == "POST" && request.target == "/v1pre3/oauthv2/deviceauthorization")
            #expect(request.headers["content-type"] == "application/x-www-form-urlencoded")
            #expect(
                String(decoding: request.body, as: UTF8.self)
                    == "client_id=a%20b&response_type=device_code&scope=read%20global%2C%20read%20project%201"
            )
        }
    }

    @Test func whatIsMissingInACode() throws {
        let code: DeviceCode = try decode(#"{"verification_uri":"u","user_code":"c","device_code":"d","interval":0}"#)
        #expect(code.verificationURLWithCode == "u" && code.lifetime == .seconds(1800) && code.interval == .seconds(1))
        #expect(throws: DecodingError.self) { try decode(#"{"user_code":"c"}"#, as: DeviceCode.self) }
    }

    @Test func aTokenIsGranted() async throws {
        let token = try AccessToken(secret)
        try await withServer { _ in
            [.reply(200, #"{"access_token":"\#(secret)"}"#)]
        } _: { authorization, server in
            let login = try await poll(authorization)
            #expect(login == .granted(token))
            let request = server.requests[0]
            #expect(request.method == "POST" && request.target == "/v1pre3/oauthv2/token")
            #expect(
                String(decoding: request.body, as: UTF8.self)
                    == "client_id=app&client_secret=APP%20SECRET%26&code=DEVICE-SECRET&grant_type=device"
            )
            #expect(request.headers["x-access-token"] == nil)
        }
    }

    @Test(arguments: [
        ("authorization_pending", DeviceLogin.pending), ("slow_down", .tooFast), ("access_denied", .denied),
        ("expired_token", .expired), ("invalid_grant", .expired),
    ])
    func thereIsNoTokenYet(_ code: String, _ login: DeviceLogin) async throws {
        let reply = #"{"error":"\#(code)","error_description":"words"}"#
        try await withServer { _ in
            [.reply(400, reply)]
        } _: { authorization, _ in
            let answer = try await poll(authorization)
            #expect(answer == login)
        }
    }

    @Test func otherFailures() async throws {
        let reply = #"{"error":"invalid_client","error_description":"not APP SECRET& with DEVICE-SECRET"}"#
        try await withServer { _ in
            [.reply(400, reply)]
        } _: { authorization, server in
            let error = try await failure { () async throws(BaseSpaceError) in try await poll(authorization) }
            #expect(error.code == "invalid_client" && error.message == "not <secret> with <secret>")
            #expect(error.endpoint == "POST v1pre3/oauthv2/token" && server.requests.count == 1)
        }
        for reply in [#"{"access_token":"a b"}"#, "{}", "x"] {
            try await withServer { _ in
                [.reply(200, reply)]
            } _: { authorization, _ in
                let error = try await failure { () async throws(BaseSpaceError) in try await poll(authorization) }
                #expect(error.kind == .undecodable)
            }
        }
        try await withServer { _ in
            [.reset]
        } _: { authorization, server in
            let error = try await failure { () async throws(BaseSpaceError) in try await poll(authorization) }
            #expect(error.kind == .transport(.connectionLost) && server.requests.count == 1)
        }
    }

    @Test func secretsAreNotShown() throws {
        let code: DeviceCode = try decode(Self.codes)
        let login = DeviceLogin.granted(try AccessToken("TOKEN-SECRET"))
        var dumped = ""
        dump(code, to: &dumped)
        dump(login, to: &dumped)
        for text in ["\(code)", String(reflecting: code), "\(login)", "\([code.deviceCode])", dumped] {
            #expect(!text.contains("SECRET"))
        }
    }
}
