import Glibc
import HTTPTransport
import Logging
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceAPI

@Suite("A token that is refused")
struct TokenKeeperTests {
    private let home: TemporaryDirectory
    private let log = LogLines()

    init() throws {
        home = try TemporaryDirectory(prefix: "keeper")
        try write("token-1")
    }

    private func write(_ token: String, server: String? = nil) throws {
        let address = server.map { "apiServer = \($0)\n" } ?? ""
        let path = try home.write("[DEFAULT]\n\(address)accessToken = \(token)\n".utf8, to: "lab.cfg")
        try #require(chmod(path.string, 0o600) == 0)
    }

    /// A client whose token comes from the profile, of a server that accepts the tokens of `accepted`; each is of a user.
    ///
    /// - Parameters:
    ///   - isNamed: The server comes from the profile too.
    ///   - owner: Whose data the mount has.
    private func using(
        _ accepted: Accepted,
        isNamed: Bool = false,
        dataOf owner: String? = "70",
        _ body: (BaseSpaceClient, ScriptedServer) async throws -> Void
    ) async throws {
        let server = try ScriptedServer { request in
            guard let user = accepted.user(of: request.headers["x-access-token"] ?? "") else {
                return v1Error(401, "BASESPACE.COMMON.AUTHENTICATION_FAILURE", "The access token was revoked")
            }
            if request.target.contains("token/current") { return accepted.introspection }
            return v1(#"{"Id":"\#(user)","Name":"User \#(user)"}"#)
        }
        defer { server.stop() }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let transport = HTTPClient(.api(logger: quiet))
        defer { transport.shutdown() }
        if isNamed { try write("token-1", server: server.url) }
        let credentials = try Credentials(
            resolving: .init(server: isNamed ? nil : server.url, profile: home.file("lab.cfg").string, environment: [:])
        )
        let keeper = TokenKeeper(credentials, logger: log.logger)
        keeper.begin(
            for: User(id: "7", name: "User 7"),
            dataOf: owner.map { User(id: EntityID($0), name: "Group \($0)") }
        )
        let client = BaseSpaceClient(
            server: credentials.server,
            tokens: keeper,
            transport: transport,
            logger: quiet
        )
        try await body(client, server)
    }

    private final class Accepted: Sendable {
        private let users: Mutex<[String: String]>

        init(_ users: [String: String]) { self.users = Mutex(users) }

        func user(of token: String) -> String? { users.withLock { $0[token] } }

        /// What the service tells of each token.
        var introspection: [ScriptedServer.Step] {
            guard let owner = owner.withLock({ $0 }) else { return v1Error(403, "NO", "not told") }
            return v1(#"{"Scopes":[],"UserResourceOwner":{"Id":"\#(owner)","Name":"Group \#(owner)"}}"#)
        }

        /// Whose data all tokens open; `nil` when it is not told.
        let owner = Mutex<String?>("70")

        func set(_ users: [String: String]) { self.users.withLock { $0 = users } }
    }

    /// Calls until a look at the profile is due again and brings a success.
    private func callUntilAccepted(_ client: BaseSpaceClient) async throws {
        try await eventually("the new token is found") {
            do throws(BaseSpaceError) {
                _ = try await client.currentUser()
                return true
            } catch {
                return false
            }
        }
    }

    @Test("is replaced by the new one of its profile, and the call goes through")
    func replaced() async throws {
        try await using(Accepted(["token-2": "7"])) { client, server in
            try write("token-2")
            #expect(try await client.currentUser().id == "7")
            #expect(
                server.requests.map { $0.headers["x-access-token"] } == ["token-1"]
                    + Array(repeating: "token-2", count: 3)
            )
            #expect(log.text.contains("the new one that is there now is used"))
        }
    }

    @Test("is told once, with what to do, until a call succeeds again")
    func toldOnce() async throws {
        let accepted = Accepted([:])
        try await using(accepted) { client, server in
            for _ in 0..<5 {
                let error = try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
                #expect(error.status == 401)
            }
            #expect(server.requests.count == 5)
            #expect(log.text.split(separator: "\n").count == 1)
            #expect(log.text.contains("`basespacefs login \(home.file("lab.cfg"))` makes a new one"))
            accepted.set(["token-1": "7"])
            _ = try await client.currentUser()
            #expect(log.text.split(separator: "\n").count == 2 && log.text.contains("accepts the token"))
            accepted.set([:])
            _ = try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
            try await eventually("told again") {
                _ = try? await client.currentUser()
                return log.text.split(separator: "\n").count == 3
            }
            #expect(!log.text.contains("token-1"))
        }
    }

    @Test("is found while calls go on, and all that wait get it")
    func later() async throws {
        let accepted = Accepted([:])
        try await using(accepted) { client, _ in
            _ = try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
            accepted.set(["token-2": "7"])
            try write("token-2")
            try await callUntilAccepted(client)
            accepted.set(["token-3": "7"])
            try write("token-3")
            try await callUntilAccepted(client)
            let names = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try? await client.currentUser().name } }
                return await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(names == ["User 7"])
        }
    }

    @Test("is not replaced by one of another user, which is said once, nor by one that is refused too")
    func foreign() async throws {
        let accepted = Accepted(["token-2": "8"])
        try await using(accepted) { client, server in
            try write("token-2")
            let error = try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
            #expect(error.status == 401)
            #expect(log.text.contains("the new one there is of User 8 (user 8), not of User 7 (user 7)"))
            try write("token-3")
            try await eventually("the next one is looked at") {
                _ = try? await client.currentUser()
                return log.text.contains("the new one there as well")
            }
            accepted.set(["token-2": "8", "token-4": "7"])
            try write("token-4")
            try await callUntilAccepted(client)
            let questions = server.requests.filter { $0.headers["x-access-token"] == "token-2" }
            #expect(questions.count { $0.path.hasSuffix("/users/current") } == 1)
            for token in 1...4 { #expect(!log.text.contains("token-\(token)")) }
        }
    }

    @Test("is not replaced by one that opens another workgroup's data, or nobody knows whose")
    func workgroup() async throws {
        let accepted = Accepted(["token-2": "7", "token-3": "7", "token-4": "7"])
        try await using(accepted) { client, _ in
            accepted.owner.withLock { $0 = "71" }
            try write("token-2")
            _ = try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
            #expect(log.text.contains("opens the data of Group 71 (71), not of Group 70 (70)"))
            accepted.owner.withLock { $0 = nil }
            try write("token-3")
            try await eventually("the next one is looked at") {
                _ = try? await client.currentUser()
                return log.text.contains("does not tell whether the new one there opens the data of Group 70 (70)")
            }
            accepted.owner.withLock { $0 = "70" }
            try write("token-4")
            try await callUntilAccepted(client)
        }
    }

    @Test("is replaced by one of the same user where nothing was told of the first one", arguments: ["71", nil])
    func unknownWorkgroup(owner: String?) async throws {
        let accepted = Accepted(["token-2": "7"])
        accepted.owner.withLock { $0 = owner }
        try await using(accepted, dataOf: nil) { client, _ in
            try write("token-2")
            #expect(try await client.currentUser().id == "7")
        }
    }

    @Test("is not replaced by one for another server, which never gets to this one")
    func otherServer() async throws {
        try await using(Accepted(["token-2": "7", "token-3": "7", "token-4": "7"]), isNamed: true) { client, server in
            try write("token-2", server: "https://api.euc1.example/")
            _ = try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
            #expect(log.text.contains("is logged in to https://api.euc1.example now, not to this mount's server"))
            #expect(log.text.contains("(--api-server \(server.url))"))
            try write("token-3")
            try await eventually("it is looked at") {
                _ = try? await client.currentUser()
                return log.text.contains("is logged in to \(Credentials.standardServer) now")
            }
            #expect(Set(server.requests.map { $0.headers["x-access-token"] }) == ["token-1"])
            try write("token-4", server: "\(server.url)/")
            try await callUntilAccepted(client)
        }
    }

    @Test("goes on being told when the profile can't be read")
    func unreadable() async throws {
        try await using(Accepted([:])) { client, _ in
            try #require(chmod(home.file("lab.cfg").string, 0o644) == 0)
            _ = try await failure { () async throws(BaseSpaceError) in try await client.currentUser() }
            #expect(log.text.contains("another one can't be read") && log.text.contains("chmod 600"))
        }
    }
}

@Suite("What is known of a token")
struct TokenStateTests {
    private let now = ContinuousClock.now
    private var state: TokenState
    private let other: AccessToken

    init() throws {
        state = TokenState(try AccessToken("one"))
        other = try AccessToken("two")
    }

    @Test("It is looked for once a second at most, by one call")
    mutating func interval() {
        let use = state.use
        #expect(state.refused(use, at: now) == .look)
        #expect(state.refused(use, at: now) == .join)
        #expect(state.looked(.nothing) == .refused)
        #expect(state.refused(use, at: now + .milliseconds(999)) == .giveUp)
        #expect(state.refused(use, at: now + .seconds(1)) == .look)
        #expect(state.looked(.nothing) == nil)
    }

    @Test("A call that began before the token was replaced takes the new one")
    mutating func late() {
        let (first, second) = (state.use, state.use)
        #expect(state.refused(first, at: now) == .look)
        #expect(state.looked(.replacement(other)) == .replaced)
        #expect(state.refused(second, at: now) == .useAnother)
        #expect(state.use.token == other)
    }

    @Test("A call that began before a refusal does not end it")
    mutating func overlapping() {
        let (slow, quick) = (state.use, state.use)
        _ = state.refused(quick, at: now)
        _ = state.looked(.nothing)
        let slowEnds = state.accepted(slow)
        #expect(!slowEnds)
        let ended = state.accepted(state.use)
        #expect(ended)
        let again = state.accepted(state.use)
        #expect(!again)
    }

    @Test("One that is not to be used is not tried again, one that could not be tried is")
    mutating func dismissed() {
        let use = state.use
        _ = state.refused(use, at: now)
        #expect(state.looked(.unknown(why: "the line is down")) == .refusedWith(why: "the line is down"))
        #expect(state.isWorthTrying(other))
        _ = state.refused(use, at: now + .seconds(1))
        #expect(state.looked(.unknown(why: "the line is down")) == nil)
        _ = state.refused(use, at: now + .seconds(2))
        #expect(state.looked(.unusable(other, why: "it is another's")) == .refusedWith(why: "it is another's"))
        #expect(!state.isWorthTrying(other) && !state.isWorthTrying(state.use.token) && !state.isWorthTrying(nil))
    }
}
