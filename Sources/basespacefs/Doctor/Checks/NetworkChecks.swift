import Glibc
import HTTPTransport

/// Which way requests take.
struct ProxyCheck: Check {
    static let name = "proxy"
    private let environment: [String: String]
    private let service: DoctorService

    init(_ surroundings: DoctorSurroundings, _ service: DoctorService) {
        environment = surroundings.environment
        self.service = service
    }

    /// What libcurl understands.
    private static let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]
    /// Where signed URLs lead, as far as anybody has seen.
    private static let objectStore = "s3.amazonaws.com"

    func run() -> Finding {
        // In libcurl's order; HTTP_PROXY in capitals is never looked at, since servers of web pages set it.
        let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        guard let name = names.first(where: { value($0) != nil }), let text = value(name) else {
            guard value("http_proxy") == nil else {
                return warning("only http_proxy is set, which nothing here uses", "set https_proxy if there is a proxy")
            }
            return ok("none is set")
        }
        guard let proxy = Self.place(in: text) else {
            return failure("\(name) names no proxy", "write it as http://HOST:PORT")
        }
        let server = service.server
        guard !server.isLoopback else { return ok("\(proxy) (\(name)), which is not used for loopback") }
        switch (isExcepted(server.host), isExcepted(Self.objectStore)) {
        case (false, false): return ok("API and object store go through \(proxy) (\(name))")
        case (true, false): return ok("the object store goes through \(proxy) (\(name)); no_proxy excepts the API")
        case (false, true): return ok("the API goes through \(proxy) (\(name)); no_proxy excepts \(Self.objectStore)")
        case (true, true): return ok("\(proxy) (\(name)), but no_proxy excepts API and object store")
        }
    }

    private func value(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Host and port, without the user and the password that may stand before them.
    private static func place(in text: String) -> String? {
        var rest = text[...]
        if let separator = rest.firstRange(of: "://") {
            guard schemes.contains(rest[..<separator.lowerBound].lowercased()) else { return nil }
            rest = rest[separator.upperBound...]
        }
        if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        rest = rest.prefix { $0 != "/" }
        return rest.isEmpty || rest.contains(where: \.isWhitespace) ? nil : String(rest)
    }

    private func isExcepted(_ host: String) -> Bool {
        let entries = (value("no_proxy") ?? value("NO_PROXY") ?? "").split { $0 == "," || $0.isWhitespace }
        return entries.contains { entry in
            let name = entry.lowercased().drop { $0 == "." }
            return entry == "*" || host == name || host.hasSuffix(".\(name)")
        }
    }
}

/// Whether the certificates that variables name are there.
struct CertificatesCheck: Check {
    static let name = "certificates"
    private let environment: [String: String]

    init(_ surroundings: DoctorSurroundings) {
        environment = surroundings.environment
    }

    func run() -> Finding {
        for name in ["CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
            guard let file = environment[name], !file.isEmpty else { continue }
            guard access(file, R_OK) == 0 else {
                return failure("\(name) names \(file), which can't be read", "correct it, or unset it for the system's")
            }
            return ok("those in \(file) (\(name))")
        }
        return ok("the system's")
    }
}

/// Whether the server answers, and how soon.
struct ServerCheck: Check {
    static let name = "server"
    private let service: DoctorService

    init(_ service: DoctorService) {
        self.service = service
    }

    /// With more, every look into a new directory is felt.
    private static let slow = Duration.seconds(1)

    func run() -> Finding {
        do throws(HTTPTransportError) {
            return finding(for: try service.answers.get())
        } catch {
            return failure("\(service.server) can't be reached", error.message)
        }
    }

    /// - Parameter answers: The first on a new connection.
    func finding(for answers: [ServerAnswer]) -> Finding {
        let server = service.server
        guard let first = answers.first else { return failure("\(server) does not answer", nil) }
        switch first.status {
        case 200..<300, 400, 401, 403: break
        case 429, 500...:
            return warning("\(server) answers with status \(first.status)", "it has trouble: try again later")
        default:
            return warning(
                "\(server) answers with status \(first.status), which BaseSpace does not",
                "is it the address of the API, as https://api.basespace.illumina.com is?"
            )
        }
        let times = answers.dropFirst().map(\.time).sorted()
        let median = times.isEmpty ? first.time : times[times.count / 2]
        let place = first.address.map { $0 == server.authority ? "" : " (\($0))" } ?? ""
        let finding =
            "\(server)\(place) answers in \(Self.text(median)), the median of \(max(1, times.count)), "
            + "and in \(Self.text(first.time)) with a new connection"
        return median > Self.slow ? warning(finding, "the line is slow: use a server of your region") : ok(finding)
    }

    private static func text(_ time: Duration) -> String {
        let milliseconds = time / .milliseconds(1)
        return milliseconds < 10 ? "\((milliseconds * 10).rounded() / 10) ms" : "\(Int(milliseconds)) ms"
    }
}

/// Whether this machine's clock is the server's.
struct ClockCheck: Check {
    static let name = "clock"
    private let service: DoctorService

    init(_ service: DoctorService) {
        self.service = service
    }

    /// Certificates and signed URLs have room for that, and `If-Modified` times look odd beyond it.
    private static let tolerated = 30.0
    /// From here on object stores refuse, and URLs count as good that are not, or the other way round.
    private static let wrong = 300.0

    func run() -> Finding {
        guard let answers = try? service.answers.get() else {
            return warning("not compared, since the server does not answer", nil)
        }
        return finding(for: answers)
    }

    func finding(for answers: [ServerAnswer]) -> Finding {
        // What the line adds is the least where the difference is.
        guard let ahead = answers.compactMap(\.clockAhead).min(by: { abs($0) < abs($1) }) else {
            return warning("not compared, since the server tells no time", nil)
        }
        let size = abs(ahead)
        // The server tells whole seconds.
        guard size >= 2 else { return ok("within a second or two of the server's") }
        let finding = "\(StatusReport.span(Int64(size.rounded()))) \(ahead > 0 ? "ahead of" : "behind") the server's"
        let advice = "set this machine's clock (`timedatectl set-ntp true`): signed URLs are good for a time"
        switch size {
        case ..<Self.tolerated: return ok(finding)
        case ...Self.wrong: return warning(finding, advice)
        default: return failure(finding, advice)
        }
    }
}
