internal import CCurl

/// A URL that may be contacted: `https` anywhere, `http` on loopback only, nothing else.
///
/// It is taken apart by libcurl's own parser, so the host that was checked is the host that will be contacted. A URL
/// with a query may be a signed one, which is as good as a password: descriptions leave the query out.
public struct HTTPURL: Sendable, Hashable {
    /// The whole URL, query included: a secret when the URL is signed.
    public let string: String
    /// `https` or `http`.
    public let scheme: String
    /// The host in lower case; an IPv6 address stands in brackets.
    public let host: String
    /// The port, also when it is the scheme's default.
    public let port: Int
    /// Everything before the query.
    private let base: String

    /// Checks a URL.
    ///
    /// - Throws: `.invalidURL` with a message that says what to do, and never shows the URL itself.
    public init(_ string: String) throws(HTTPTransportError) {
        guard let parts = curl_url() else {
            throw .invalidURL("libcurl has no memory to parse a URL")
        }
        defer { curl_url_cleanup(parts) }
        guard curl_url_set(parts, CURLUPART_URL, string, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK else {
            throw .invalidURL("this is not a URL; write it as https://HOST[:PORT]")
        }
        func part(_ which: CURLUPart, _ flags: Int32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard curl_url_get(parts, which, &value, UInt32(flags)) == CURLUE_OK, let value else { return nil }
            defer { curl_free(value) }
            return String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), scheme == "https" || scheme == "http" else {
            throw .invalidURL("a URL has to start with https://")
        }
        guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
            throw .invalidURL("a URL must not contain a user name or a password; leave out what stands before the @")
        }
        guard let host = part(CURLUPART_HOST)?.lowercased(), !host.isEmpty,
            let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap({ Int($0) })
        else {
            throw .invalidURL("a URL has to name a host, as in https://HOST[:PORT]")
        }
        guard scheme == "https" || Self.isLoopback(host) else {
            throw .invalidURL("http is not encrypted and allowed for loopback only; write https://\(host) instead")
        }
        self.string = string
        self.scheme = scheme
        self.host = host
        self.port = port
        // By bytes: a listing of a thousand files has as many URLs of half a kilobyte.
        let end = string.utf8.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        self.base = String(string[..<(end ?? string.endIndex)])
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
    public var isLoopback: Bool { Self.isLoopback(host) }

    /// Host and port, as messages show them.
    public var authority: String { "\(host):\(port)" }

    /// Whether both name the same server: scheme, host and port. What is meant for one may be sent to the other.
    public func hasSameOrigin(as other: HTTPURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// The path after the host, without the query; `/` when there is none.
    public var path: String {
        guard let authority = base.firstRange(of: "://"),
            let slash = base[authority.upperBound...].firstIndex(of: "/")
        else { return "/" }
        return String(base[slash...])
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return bytes.count == 4 && bytes[0] == 127 && !bytes.contains(nil)
    }
}

extension HTTPURL {
    /// The URL with a path after its own and a query instead of its own, both percent-encoded here.
    ///
    /// - Parameters:
    ///   - path: Segments with `/` between them, not encoded.
    ///   - query: Names and values, not encoded.
    public func appending(path: String, query: [(String, String)] = []) throws(HTTPTransportError) -> HTTPURL {
        let segments = path.split(separator: "/").map { String($0) }
        return try appending(segments: segments, query: query)
    }

    /// The same with the path's segments: a `/` inside one is encoded too.
    public func appending(
        segments: [String],
        query: [(String, String)] = []
    ) throws(HTTPTransportError) -> HTTPURL {
        var text = baseWithoutTrailingSlash
        for segment in segments {
            text += "/" + segment.percentEncoded
        }
        if !query.isEmpty {
            text += "?" + query.map { "\($0.0.percentEncoded)=\($0.1.percentEncoded)" }.joined(separator: "&")
        }
        return try HTTPURL(text)
    }

    /// What a link in a reply means: an absolute URL itself, or a path below this URL, with or without a slash in
    /// front. Nothing is encoded, since links are encoded already.
    public func resolving(_ link: String) throws(HTTPTransportError) -> HTTPURL {
        if link.firstRange(of: "://") != nil, link.first?.isLetter == true,
            link.prefix(while: { $0 != ":" }).allSatisfy({ $0.isLetter })
        {
            return try HTTPURL(link)
        }
        return try HTTPURL(baseWithoutTrailingSlash + "/" + link.drop { $0 == "/" })
    }

    private var baseWithoutTrailingSlash: String {
        var text = base
        while text.hasSuffix("/") {
            text.removeLast()
        }
        return text
    }
}

extension HTTPURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL without its query.
    public var description: String { base }
    /// The URL without its query.
    public var debugDescription: String { base }
    /// Nothing: `dump` would show the query.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension String {
    /// Every byte but RFC 3986's unreserved characters as `%XX`: right in a path segment and in a query alike.
    var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(utf8.count)
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

}
