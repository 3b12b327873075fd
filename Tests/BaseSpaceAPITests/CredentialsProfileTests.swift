import SystemPackage
import Testing

@testable import BaseSpaceAPI

@Suite("Profiles")
struct CredentialsProfileTests {
    private func parse(_ text: String) throws -> Profile {
        try Profile(parsing: text, path: "/home/ada/.basespace/default.cfg")
    }

    @Test("A profile as bs writes it")
    func asWrittenByBS() throws {
        let profile = try parse(
            """
            [DEFAULT]
            apiServer   = https://api.euc1.sh.basespace.illumina.com
            accessToken = 0123456789abcdef0123456789abcdef

            """
        )
        #expect(profile.server == "https://api.euc1.sh.basespace.illumina.com")
        #expect(profile.token == "0123456789abcdef0123456789abcdef")
    }

    @Test(
        "Keys in any case, odd white space, comments, quotes and foreign line ends",
        arguments: [
            "[DEFAULT]\nACCESSTOKEN=abc", "[default]\n\t accesstoken\t=\tabc \t",
            "# note\n[DEFAULT]\n; note\naccessToken = abc",
            "[DEFAULT]\r\naccessToken = abc\r\n", "\u{FEFF}[DEFAULT]\naccessToken: abc", "accessToken=abc",
            "[ DEFAULT ]\naccessToken = \"abc\"", "[DEFAULT]\naccessToken = 'abc' # mine",
            "[DEFAULT]\naccessToken=abc ; mine",
            "[DEFAULT]\naccessToken=old\naccessToken=abc",
        ]
    )
    func tolerated(text: String) throws {
        #expect(try parse(text).token == "abc")
    }

    @Test("Sections and keys of other programs are left alone")
    func foreignSections() throws {
        let profile = try parse(
            "[BSFS]\naccessToken = other\n[DEFAULT]\nscopes = read global\naccessToken = abc\n[X]\na = b"
        )
        #expect(profile == (try parse("accessToken = abc")))
    }

    @Test("Empty values count as absent", arguments: ["accessToken =", "accessToken = ''", "accessToken = # none"])
    func emptyValues(text: String) throws {
        #expect(try parse(text).token == nil)
    }

    @Test(
        "A malformed line is named by its number, and never quoted",
        arguments: [
            ("[DEFAULT]\n\nsecret-token\n", 3), ("[DEFAULT\naccessToken = secret", 1), ("a = b\n= secret", 2),
        ]
    )
    func malformed(text: String, line: Int) throws {
        let error = #expect(throws: CredentialsError.self) { try parse(text) }
        let message = try #require(error?.description)
        #expect(message.hasPrefix("/home/ada/.basespace/default.cfg, line \(line): "))
        #expect(!message.contains("secret"))
    }
}
