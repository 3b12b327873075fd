public import HTTPTransport

/// A URL whose query is the permission to read a file: whoever has it reads, without a token, until it expires.
/// Descriptions leave the query out.
public struct SignedURL: Hashable, Sendable, CustomStringConvertible {
    /// The URL to read from. The access token must not be sent there.
    public let url: HTTPURL

    /// Wraps a URL.
    public init(_ url: HTTPURL) {
        self.url = url
    }

    /// The URL without its query.
    public var description: String { url.description }
}

/// The text of a signed URL as a reply has it. It is taken apart when somebody wants to read: of the thousand in a list
/// few are used. As much a secret as the URL.
public struct SignedLink: Hashable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    /// The URL; `nil` if it is none that anything should be read from.
    public var url: SignedURL? {
        (try? HTTPURL(text)).map { SignedURL($0) }
    }

    /// Whether it may lead to a host: cheap, and never wrong when it says no.
    func mayLead(to host: String) -> Bool {
        var (text, host) = (text, host)
        return text.withUTF8 { bytes in
            host.withUTF8 { host in
                guard let scheme = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
                let authority = bytes[scheme...].dropFirst(3)
                    .prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
                guard authority.count >= host.count else { return false }
                return (authority.startIndex...authority.endIndex - host.count).contains { start in
                    zip(bytes[start...], host).allSatisfy { Self.lowercased($0) == $1 }
                }
            }
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

extension SignedLink: CustomStringConvertible, CustomReflectable {
    /// Nothing of it.
    public var description: String { "a signed URL" }
    /// Nothing: `dump` would show it.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Where a file's bytes are to be had, and until when.
public struct ContentLocation: Sendable, Hashable {
    /// The URL to read from. The access token must not be sent there.
    public var url: HTTPURL
    /// When the service says that the URL ends; the live service says so two minutes early.
    public var expires: Timestamp

    /// Creates a location.
    public init(url: HTTPURL, expires: Timestamp) {
        self.url = url
        self.expires = expires
    }
}
