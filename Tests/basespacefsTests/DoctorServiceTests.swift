import ArgumentParser
import BaseSpaceAPI
import HTTPTransport
import TestSupport
import Testing

@testable import basespacefs

/// Each check of the service, as it is well and as it is not.
@Suite("What doctor says of the service")
struct DoctorServiceTests {
    private static let token = "5ec5e7deadbeefdeadbeefdeadbeef00"

    /// Nobody is asked before a check runs.
    private func service(_ server: String, environment: [String: String] = ["BASESPACE_ACCESS_TOKEN": token]) throws
        -> DoctorService
    {
        try DoctorService(
            try ConnectionOptions.parse(["--api-server", server]),
            profile: nil,
            environment: environment
        )
    }

    private func surroundings(_ environment: [String: String]) -> DoctorSurroundings {
        var surroundings = DoctorSurroundings()
        surroundings.environment = environment
        return surroundings
    }

    @Test("Credentials: where they are, or why there are none")
    func credentials() throws {
        let good = CredentialsCheck(try service("https://api.example.org")).run()
        #expect(good.verdict == .ok)
        #expect(
            good.finding == "the token from BASESPACE_ACCESS_TOKEN, for https://api.example.org (--api-server)"
        )
        let none = try service("https://api.example.org", environment: ["HOME": "/none"])
        #expect(CredentialsCheck(none).run().verdict == .failure)
        #expect(none.server.string == "https://api.example.org", "the server is known all the same")
    }

    @Test(
        "The proxy, for whom it is, and never its password",
        arguments: [
            ([:], .ok, "none is set"),
            (["https_proxy": ""], .ok, "none is set"),
            (["http_proxy": "http://p:1"], .warning, "only http_proxy is set"),
            (["https_proxy": "http://me:secret@p:3128/"], .ok, "API and object store go through p:3128 (https_proxy)"),
            (["ALL_PROXY": "socks5h://p"], .ok, "go through p (ALL_PROXY)"),
            (["https_proxy": "ftp://p"], .failure, "https_proxy names no proxy: write it as http://HOST:PORT"),
            (["https_proxy": "p:1", "no_proxy": ".example.org"], .ok, "the object store goes through p:1"),
            (["https_proxy": "p:1", "NO_PROXY": "x, amazonaws.com"], .ok, "the API goes through p:1"),
            (["https_proxy": "p:1", "no_proxy": "*"], .ok, "excepts API and object store"),
            (["https_proxy": "p:1", "no_proxy": "ample.org"], .ok, "API and object store go through"),
        ] as [([String: String], Finding.Verdict, String)]
    )
    func proxy(environment: [String: String], verdict: Finding.Verdict, words: String) throws {
        let finding = ProxyCheck(surroundings(environment), try service("https://api.example.org")).run()
        #expect(finding.verdict == verdict)
        #expect(finding.words.contains(words), "\(finding)")
        #expect(!finding.words.contains("secret"))
    }

    @Test("A proxy is not used for loopback")
    func loopback() throws {
        let finding = ProxyCheck(surroundings(["https_proxy": "p:1"]), try service("http://127.0.0.1:1")).run()
        #expect(finding.words == "p:1 (https_proxy), which is not used for loopback")
    }

    @Test("The server's time to answer, and answers that are not BaseSpace's")
    func server() throws {
        let check = ServerCheck(try service("https://api.example.org"))
        func finding(_ status: Int, _ milliseconds: [Int]) -> Finding {
            check.finding(
                for: milliseconds.map {
                    ServerAnswer(status: status, time: .milliseconds($0), address: "192.0.2.1:443")
                }
            )
        }
        let good = finding(401, [250, 40, 90, 30])
        #expect(good.verdict == .ok)
        #expect(
            good.finding == "https://api.example.org (192.0.2.1:443) answers in 40 ms, the median of 3, and in 250 ms "
                + "with a new connection"
        )
        #expect(finding(401, [250, 40, 1500, 1400]).verdict == .warning)
        #expect(finding(503, [1, 1, 1, 1]).verdict == .warning)
        #expect(finding(404, [1, 1, 1, 1]).words.contains("is it the address of the API"))
    }

    @Test("A server that can't be reached is a failure, and what needs it is not tried", .timeLimit(.minutes(1)))
    func unreachable() throws {
        let service = try service("http://127.0.0.1:1")
        let server = ServerCheck(service).run()
        #expect(server.verdict == .failure)
        #expect(server.finding == "http://127.0.0.1:1 can't be reached")
        #expect(ClockCheck(service).run().finding == "not compared, since the server does not answer")
        #expect(TokenCheck(service).run().finding == "not tried, since the server can't be reached")
        #expect(ScopesCheck(service).run().verdict == .warning)
    }

    @Test(
        "A clock that is wrong",
        arguments: [
            (0.9, .ok, "within a second or two"), (-20, .ok, "20 s behind"), (31, .warning, "31 s ahead of"),
            (-301, .failure, "5 min behind the server's: set this machine's clock"),
            (90_000, .failure, "1 d 1 h ahead of"),
        ] as [(Double, Finding.Verdict, String)]
    )
    func clock(ahead: Double, verdict: Finding.Verdict, words: String) throws {
        let check = ClockCheck(try service("https://api.example.org"))
        let answers = [ahead * 1.1, ahead].map { ServerAnswer(status: 401, time: .zero, clockAhead: $0) }
        let finding = check.finding(for: answers)
        #expect(finding.verdict == verdict)
        #expect(finding.words.contains(words), "\(finding)")
        #expect(check.finding(for: [ServerAnswer(status: 401, time: .zero)]).words.contains("tells no time"))
    }

    @Test("Dates of HTTP")
    func dates() {
        #expect(ServerAnswer.seconds(ofDate: "Thu, 19 Jul 2018 23:50:10 GMT") == 1_532_044_210)
        for text in ["", "Thu, 19 Jul 2018 23:50:10 CET", "2018-07-19T23:50:10Z", "Thu, 19 Foo 2018 23:50:10 GMT"] {
            #expect(ServerAnswer.seconds(ofDate: text) == nil)
        }
        let moment = Timestamp(seconds: 1_532_044_215, nanoseconds: 500_000_000)
        #expect(ServerAnswer.clockAhead(of: "Thu, 19 Jul 2018 23:50:10 GMT", at: moment) == 5)
    }

    @Test(
        "Scopes: what they allow, and what is missing",
        arguments: [
            (["BROWSE GLOBAL", "READ GLOBAL", "CREATE GLOBAL", "CREATE PROJECTS"], .ok, "reading and uploads"),
            (["WRITE GLOBAL"], .ok, "reading and uploads"),
            (["READ GLOBAL", "CREATE PROJECT 12"], .ok, "reading and uploads"),
            (["BROWSE GLOBAL", "READ GLOBAL"], .warning, "nothing written"),
            (["BROWSE GLOBAL", "READ PROJECT 12"], .warning, "only some entities can be read"),
            (["BROWSE GLOBAL"], .failure, "none can be read (browse global)"),
            (["CREATE GLOBAL"], .failure, "nothing can be listed"),
            ([], .failure, "nothing can be listed (no scopes)"),
        ] as [([String], Finding.Verdict, String)]
    )
    func scopes(scopes: [String], verdict: Finding.Verdict, words: String) throws {
        let finding = ScopesCheck(try service("https://api.example.org")).finding(for: scopes)
        #expect(finding.verdict == verdict)
        #expect(finding.words.contains(words), "\(finding)")
    }

    @Test("Colours are for terminals, and not for who doesn't want them")
    func colours() {
        let finding = Finding(check: "clock", verdict: .failure, finding: "wrong\u{1B}", advice: "set it")
        #expect(DoctorLine(style: .plain).text(finding) == "failure  clock        wrong?: set it")
        #expect(DoctorLine(style: .coloured).text(finding).hasPrefix("\u{1B}[31mfailure \u{1B}[0m clock "))
        #expect(TextStyle(isTerminal: true, environment: ["NO_COLOR": ""]) == .coloured)
        #expect(TextStyle(isTerminal: true, environment: ["NO_COLOR": "1"]) == .plain)
        #expect(TextStyle(isTerminal: true, environment: ["TERM": "dumb"]) == .plain)
        #expect(TextStyle(isTerminal: false, environment: [:]) == .plain)
    }
}
