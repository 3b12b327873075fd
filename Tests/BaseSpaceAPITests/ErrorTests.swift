import BaseSpaceAPI
import HTTPTransport
import TestSupport
import Testing

struct ErrorTests {
    private func error(
        answering steps: [ScriptedServer.Step],
        deadlines: HTTPDeadlines = HTTPDeadlines()
    ) async throws -> BaseSpaceError {
        var result: BaseSpaceError?
        try await withService(deadlines: deadlines, script: { _ in steps }) { client, _ in
            result = try await failure { () async throws(BaseSpaceError) in try await client.appResult("12/3") }
        }
        guard let result else { throw UnexpectedSuccess() }
        return result
    }

    @Test(arguments: [
        (#"{"ResponseStatus":{"ErrorCode":"A.B","Message":"m"},"ErrorMessage":"x"}"#, "m", "A.B"),
        (#"{"ErrorCode":"A.B","ErrorMessage":"m","MessageFormatted":"x"}"#, "m", "A.B"),
        (#"{"MessageFormatted":"m","error_description":"x"}"#, "m", nil),
        (#"{"error":"access_denied","error_description":"m"}"#, "m", "access_denied"),
        (#"{"ResponseStatus":{"Message":"two\nlines"}}"#, "two lines", nil),
        ("<html>Bad Gateway</html>", "the server gives no reason", nil),
        ("", "the server gives no reason", nil),
        ("[1]", "the server gives no reason", nil),
    ])
    func messagesAreFoundInEveryShape(_ body: String, _ message: String, _ code: String?) async throws {
        let error = try await error(answering: [.reply(400, body)])
        #expect(error.kind == .service(status: 400) && error.message == message && error.code == code)
    }

    @Test func errorsNameCallCodeAndRequest() async throws {
        let error = try await error(answering: v1Error(403, "X.Y", "no"))
        #expect(error.endpoint == "GET v1pre3/appresults/12/3" && error.requestID == "2025.05.21.abc")
        #expect("\(error)" == "GET v1pre3/appresults/12/3: 403 no (X.Y, request 2025.05.21.abc)")
        let unauthorized = try await self.error(answering: v1Error(401, "X", "no"))
        #expect("\(unauthorized)".hasSuffix("log in again"))
    }

    @Test func aServerThatRepeatsTheTokenDoesNotRevealIt() async throws {
        let error = try await error(answering: v1Error(401, "X", "token \(secret) is unknown"))
        #expect(error.message == "token <token> is unknown")
    }

    @Test func noFieldOfAnAnswerBringsASecretOrASecondLine() async throws {
        let body = v1Error(
            400,
            "\(secret)\\nerrno: OK",
            "see https://x/f?Expires=1&Signature=abc%2B&x=1 \\u001b[31m\(secret)"
        )
        let error = try await error(answering: body)
        #expect(error.code == "<token> errno: OK")
        #expect(error.message == "see https://x/f?Expires=1&Signature=…&x=1  [31m<token>")
        #expect(!"\(error)".contains(secret))
    }

    @Test(arguments: ["1'; touch x; '", "../../x", "..", "", "a b", "1\\n2"])
    func whatIsNoIDIsNotTakenForOne(_ id: String) async throws {
        let error = try await error(answering: v1(#"{"Id":"\#(id)","Name":"x"}"#))
        #expect(error.kind == .undecodable)
    }

    @Test(arguments: [
        "<html>Log in to the hotel's network</html>", "{}", #"{"Response":{}}"#, #"{"Response":{"Id":[]}}"#,
    ])
    func whatCantBeReadIsAnError(_ body: String) async throws {
        let error = try await error(answering: [.reply(200, body)])
        #expect(error.kind == .undecodable)
    }

    @Test func aPageOfALoginPortalIsNoDocument() async throws {
        try await withService(script: { _ in [.reply(200, "\n<html>Log in</html>")] }) { client, _ in
            for href in ["v1pre3/samples/1", "v1pre3/users/current"] {
                let error = try await failure { () async throws(BaseSpaceError) in try await client.entityJSON(href) }
                #expect(error.kind == .undecodable && error.isNoAnswer)
            }
            let file = try await failure { () async throws(BaseSpaceError) in try await client.fileMetadataJSON("1") }
            #expect(file.isNoAnswer)
            let collection = try await failure { () async throws(BaseSpaceError) in
                try await client.collectionJSON("v1pre3/genomes")
            }
            #expect(collection.isNoAnswer)
            let header = try await failure { () async throws(BaseSpaceError) in
                try await client.variantHeader(of: "1")
            }
            #expect(header.isNoAnswer)
        }
    }

    @Test func transportErrorsKeepTheirCode() async throws {
        let deadlines = HTTPDeadlines(total: .milliseconds(100))
        let error = try await error(answering: [.hang], deadlines: deadlines)
        #expect(error.kind == .transport(.deadlineExceeded) && error.endpoint == "GET v1pre3/appresults/12/3")
    }

    @Test func aCancelledCallIsCancelled() async throws {
        try await withService(script: { _ in [.hang] }) { client, server in
            let task = Task {
                try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
            }
            try await eventually("the call arrives") { server.requests.count == 1 }
            task.cancel()
            #expect(try await task.value.kind == .cancelled)
        }
    }
}
