import Foundation
import HTTPTransport
import Logging
import SystemPackage
import TestSupport
import Testing

/// A TLS server of OpenSSL's with a certificate that it issued to itself.
struct TLSTests {
    private let directory: TemporaryDirectory
    private let server: RunningProcess
    private var certificate: String { directory.path.appending("certificate").string }
    private var output: String { directory.path.appending("output").string }

    init() async throws {
        directory = try TemporaryDirectory()
        let script = """
            cd "$1" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
                -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout key -out certificate &&
            exec openssl s_server -accept 127.0.0.1:0 -www -cert certificate -key key > output
            """
        server = try Shell.start(["bash", "-c", script, "script", directory.path.string])
    }

    private func port() async throws -> Int {
        try await eventually("OpenSSL listens") { self.acceptedPort != nil }
        return try #require(acceptedPort)
    }

    private var acceptedPort: Int? {
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT ") }) else { return nil }
        return line.split(separator: ":").last.flatMap { Int($0) }
    }

    private func client(trusting bundle: String?) -> HTTPClient {
        HTTPClient(
            HTTPClient.Configuration(
                userAgent: "test",
                shards: 1,
                maximumConnections: 2,
                allowsHTTP2: true,
                caBundle: bundle,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    @Test func onlyTrustedCertificatesOfTheHostAreAccepted() async throws {
        defer { server.send(SIGTERM) }
        let port = try await port()
        let trusting = client(trusting: certificate)
        let doubting = client(trusting: nil)
        defer { [trusting, doubting].forEach { $0.shutdown() } }

        let request = HTTPRequest(.get, try HTTPURL("https://127.0.0.1:\(port)/"))
        #expect(try await trusting.response(to: request).status == 200)
        let unknown = try await failure { () async throws(HTTPTransportError) in
            try await doubting.response(to: request)
        }
        #expect(unknown.code == .tls && !unknown.isTransient && !unknown.mayHaveReachedServer)

        let byAnotherName = HTTPRequest(.get, try HTTPURL("https://localhost:\(port)/"))
        let mismatch = try await failure { () async throws(HTTPTransportError) in
            try await trusting.response(to: byAnotherName)
        }
        #expect(mismatch.code == .tls)
    }
}
