import Glibc
import HTTPTransport
import SystemPackage
import TestSupport
import Testing

@testable import BaseSpaceAPI

@Suite("Credentials")
struct CredentialsTests {
    private let home: TemporaryDirectory
    private let profiles: FilePath

    init() throws {
        home = try TemporaryDirectory(prefix: "credentials")
        profiles = home.file(".basespace")
        try #require(mkdir(profiles.string, 0o700) == 0)
    }

    @discardableResult
    private func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> FilePath {
        let path = try home.write(text.utf8, to: name)
        try #require(chmod(path.string, mode) == 0)
        return path
    }

    private func profile(_ name: String = "default", server: String? = nil, token: String? = nil) throws {
        let lines = ["[DEFAULT]", server.map { "apiServer = \($0)" }, token.map { "accessToken = \($0)" }]
        try write(lines.compactMap { $0 }.joined(separator: "\n"), to: ".basespace/\(name).cfg")
    }

    private func resolve(
        server: String? = nil,
        tokenFile: FilePath? = nil,
        profile: String? = nil,
        _ environment: [String: String] = [:]
    ) throws -> Credentials {
        try Credentials(
            resolving: Credentials.Request(
                server: server,
                tokenFile: tokenFile,
                profile: profile,
                environment: environment.merging(["HOME": home.path.string]) { $1 }
            )
        )
    }

    private func failure(_ body: () throws -> Credentials) throws -> String {
        let error = #expect(throws: CredentialsError.self) { try body() }
        let line = try #require(error?.description)
        #expect(!line.contains("\n"))
        return line
    }

    private func secret(_ credentials: Credentials) -> String {
        credentials.token.withSecret { $0 }
    }

    // MARK: Order

    @Test("The default profile is used when nothing else is said")
    func defaultProfile() throws {
        try profile(server: "https://api.euc1.example", token: "aaaa1111")
        let credentials = try resolve()
        #expect(credentials.server.string == "https://api.euc1.example")
        #expect(secret(credentials) == "aaaa1111")
        #expect("\(credentials.serverOrigin)" == "profile default")
        #expect("\(credentials.tokenOrigin)" == "profile default")
    }

    @Test("The environment comes before the profile, part by part")
    func environmentFirst() throws {
        try profile(server: "https://api.euc1.example", token: "aaaa1111")
        let credentials = try resolve(["BASESPACE_ACCESS_TOKEN": "bbbb2222"])
        #expect(secret(credentials) == "bbbb2222")
        #expect("\(credentials.tokenOrigin)" == "BASESPACE_ACCESS_TOKEN")
        #expect("\(credentials.serverOrigin)" == "profile default")
    }

    @Test("Options come before everything")
    func optionsFirst() throws {
        try profile(server: "https://api.euc1.example", token: "aaaa1111")
        let file = try write("cccc3333\n", to: "token")
        let credentials = try resolve(
            server: "https://option.example",
            tokenFile: file,
            ["BASESPACE_ACCESS_TOKEN": "bbbb2222", "BASESPACE_API_SERVER": "https://environment.example"]
        )
        #expect(credentials.server.string == "https://option.example")
        #expect(secret(credentials) == "cccc3333")
        #expect("\(credentials.serverOrigin)" == "--api-server")
        #expect("\(credentials.tokenOrigin)" == "--access-token-file")
    }

    @Test("Without a server anywhere it is the one in the United States")
    func standardServer() throws {
        let credentials = try resolve(["BASESPACE_ACCESS_TOKEN": "bbbb2222"])
        #expect(credentials.server.string == "https://api.basespace.illumina.com")
        #expect(credentials.serverOrigin == .standard)
    }

    @Test("An empty variable counts as not set")
    func emptyVariable() throws {
        try profile(token: "aaaa1111")
        #expect(secret(try resolve(["BASESPACE_ACCESS_TOKEN": " "])) == "aaaa1111")
    }

    // MARK: Profiles

    @Test("A profile is named NAME, NAME.cfg or by its path")
    func profileNames() throws {
        try profile("eu", token: "eeee4444")
        for name in ["eu", "eu.cfg", profiles.appending("eu.cfg").string] {
            let credentials = try resolve(profile: name)
            #expect(secret(credentials) == "eeee4444")
        }
        #expect("\(try resolve(profile: "eu.cfg").tokenOrigin)" == "profile eu")
    }

    @Test("A profile that is missing: those that exist are listed")
    func missingProfile() throws {
        try profile("eu", token: "eeee4444")
        try profile("lab", token: "eeee4444")
        let line = try failure { try resolve(profile: "us") }
        #expect(line.contains("profile us not found at \(profiles)/us.cfg"))
        #expect(line.contains("existing profiles: eu, lab"))
    }

    @Test("A named profile must exist, even if nothing is needed from it")
    func namedProfileMustExist() throws {
        let line = try failure {
            try resolve(
                profile: "us",
                ["BASESPACE_ACCESS_TOKEN": "bbbb2222", "BASESPACE_API_SERVER": "https://environment.example"]
            )
        }
        #expect(line.contains("profile us not found"))
    }

    @Test("Without any token the line says how to get one")
    func noToken() throws {
        #expect(try failure { try resolve() }.contains("set BASESPACE_ACCESS_TOKEN"))
        try profile(server: "https://api.euc1.example")
        #expect(try failure { try resolve() }.contains("profile default has no accessToken"))
    }

    // MARK: Files that others can read

    @Test("A profile that others can read is refused", arguments: [0o640, 0o604, 0o620, 0o666] as [mode_t])
    func openProfile(mode: mode_t) throws {
        let path = try write("[DEFAULT]\naccessToken = aaaa1111", to: ".basespace/default.cfg", mode: mode)
        let line = try failure { try resolve() }
        #expect(line.hasSuffix("chmod 600 \(path)"))
        #expect(!line.contains("aaaa1111"))
    }

    @Test("A token file that others can read is refused")
    func openTokenFile() throws {
        let path = try write("cccc3333", to: "token", mode: 0o644)
        #expect(try failure { try resolve(tokenFile: path) }.hasSuffix("(mode 644): chmod 600 \(path)"))
    }

    @Test("A token file that is missing, a directory, empty or huge")
    func unusableTokenFiles() throws {
        #expect(try failure { try resolve(tokenFile: home.file("none")) }.contains("there is no file"))
        #expect(try failure { try resolve(tokenFile: profiles) }.contains("directory"))
        let empty = try write("\n", to: "empty")
        #expect(try failure { try resolve(tokenFile: empty) }.contains("--access-token-file"))
        let huge = try write(String(repeating: "a", count: 100_000), to: "huge")
        #expect(try failure { try resolve(tokenFile: huge) }.contains("too large"))
    }

    // MARK: Servers

    @Test(
        "A server with or without scheme and slash",
        arguments: [
            "https://api.euc1.example", "https://api.euc1.example/", "api.euc1.example", " api.euc1.example// ",
        ]
    )
    func serverForms(server: String) throws {
        let credentials = try resolve(server: server, ["BASESPACE_ACCESS_TOKEN": "bbbb2222"])
        #expect(credentials.server.string == "https://api.euc1.example")
    }

    @Test("Plain http goes to loopback only, and the line names who said it")
    func plainHTTP() throws {
        let environment = ["BASESPACE_ACCESS_TOKEN": "bbbb2222", "BASESPACE_API_SERVER": "http://api.example"]
        #expect(try failure { try resolve(environment) }.hasPrefix("the server from BASESPACE_API_SERVER: "))
        let local = try resolve(server: "http://127.0.0.1:8080/", ["BASESPACE_ACCESS_TOKEN": "bbbb2222"])
        #expect(local.server.string == "http://127.0.0.1:8080")
    }
}
